import OpenAI from "openai";

const client = new OpenAI({ maxRetries: 0 });
const options = process.argv[2] === "with-usage" ? { stream_options: { include_usage: true } } : {};
const seen = { texts: [], finish: null, usage_chunks: 0, error: null };
try {
    const stream = await client.chat.completions.create({
        model: "m1", stream: true, messages: [{ role: "user", content: "Say hello." }], ...options,
    });
    for await (const chunk of stream) {
        if (chunk.usage) seen.usage_chunks += 1;
        const choice = chunk.choices[0];
        if (choice?.delta.content) seen.texts.push(choice.delta.content);
        if (choice?.finish_reason) seen.finish = choice.finish_reason;
    }
} catch (error) {
    if (process.argv[2] !== "expect-error") throw error;
    seen.error = error.constructor.name;
}
console.log(JSON.stringify(seen));
