// Programs as developers write them with `openai`'s chat completions: node openai.mjs MODEL,MODEL CASE [TEXT]
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";

const [models, name, said = "Say hello."] = process.argv.slice(2);
const client = new OpenAI({ apiKey: process.env.OBLIV_KEY, baseURL: `${process.env.OBLIV_URL}/v1`, maxRetries: 0 });
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=";
const messages = [{ role: "system", content: "Be brief." }, { role: "user", content: said }];
const shape = z.object({ text: z.string() });
const parameters = { type: "object", properties: { text: { type: "string" } }, required: ["text"] };
const tools = [{ type: "function", function: { name: "weather", description: "The weather of a place.", parameters } }];
const calls_of = (message) => (message.tool_calls ?? []).map((call) => [call.function.name, JSON.parse(call.function.arguments)]);
const seen = ({ choices: [choice], usage, model }) => ({
    text: choice.message.content ?? "", calls: calls_of(choice.message), finish: choice.finish_reason,
    input: usage?.prompt_tokens, output: usage?.completion_tokens, model,
});

const cases = {
    async chat(model) {
        const { data, response } = await client.chat.completions.create({ model, messages }).withResponse();
        return { ...seen(data), request_id: response.headers.get("x-request-id") };
    },
    async stream(model) {
        const out = { parts: [], roles: 0, finish: null };
        for await (const chunk of await client.chat.completions.create({ model, messages, stream: true, stream_options: { include_usage: true } })) {
            if (chunk.usage) out.input = chunk.usage.prompt_tokens, out.output = chunk.usage.completion_tokens;
            for (const { delta, finish_reason } of chunk.choices) {
                if (delta.role) out.roles += 1;
                if (delta.content) out.parts.push(delta.content);
                out.finish = finish_reason ?? out.finish;
            }
        }
        return out;
    },
    async helper(model) {
        return seen(await client.chat.completions.stream({ model, messages }).finalChatCompletion());
    },
    async tools(model) {
        const first = await client.chat.completions.create({ model, messages, tools, tool_choice: "required" });
        const results = first.choices[0].message.tool_calls.map((call) => ({ role: "tool", tool_call_id: call.id, content: "sunny, 20 degrees" }));
        const second = await client.chat.completions.create({ model, messages: [...messages, first.choices[0].message, ...results], tools });
        return { first: seen(first), second: seen(second) };
    },
    async "tools-stream"(model) {
        return seen(await client.chat.completions.stream({ model, messages, tools, tool_choice: "required" }).finalChatCompletion());
    },
    async image(model) {
        const content = [{ type: "text", text: said }, { type: "image_url", image_url: { url: `data:image/png;base64,${pixel}` } }];
        return seen(await client.chat.completions.create({ model, messages: [{ role: "user", content }] }));
    },
    async structured(model) {
        const reply = await client.chat.completions.parse({ model, messages, response_format: zodResponseFormat(shape, "answer") });
        return reply.choices[0].message.parsed;
    },
    async settings(model) {
        return seen(await client.chat.completions.create({ model, messages, temperature: 0.5, max_completion_tokens: 3, stop: ["END"] }));
    },
    async abort(model) {
        const stream = await client.chat.completions.create({ model, messages, stream: true });
        let texts = 0;
        for await (const chunk of stream) if (chunk.choices[0]?.delta.content && ++texts === 3) stream.controller.abort();
        return { texts };
    },
};

const answers = {};
for (const model of models.split(",")) {
    try {
        answers[model] = await cases[name](model);
    } catch (error) {
        answers[model] = { error: error.constructor.name, ours: error instanceof OpenAI.APIError, status: error.status ?? null, code: error.code ?? null, message: error.message };
    }
}
console.log(JSON.stringify(answers));
