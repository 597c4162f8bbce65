// A slow stream, read as a developer would: node slow.mjs chat|completions|responses; PROMPT says how slow.
import OpenAI from "openai";

const client = new OpenAI({ maxRetries: 0 });
const model = process.env.MODEL;
const prompt = process.env.PROMPT;
const texts = [];
const seen = { texts };

const cases = {
    async chat() {
        const messages = [{ role: "user", content: prompt }];
        for await (const chunk of await client.chat.completions.create({ model, messages, stream: true }))
            if (chunk.choices[0]?.delta.content) texts.push(chunk.choices[0].delta.content);
    },
    async completions() {
        for await (const chunk of await client.completions.create({ model, prompt, stream: true }))
            if (chunk.choices[0]?.text) texts.push(chunk.choices[0].text);
    },
    async responses() {
        seen.numbers = [];
        for await (const event of await client.responses.create({ model, input: prompt, stream: true, store: false })) {
            seen.numbers.push(event.sequence_number);
            seen.last = event.type;
            if (event.type === "response.output_text.delta") texts.push(event.delta);
        }
    },
};
await cases[process.argv[2]]();
console.log(JSON.stringify(seen));
