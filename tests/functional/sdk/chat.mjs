import OpenAI from "openai";

const client = new OpenAI({ maxRetries: process.argv[2] === "retry" ? 2 : 0 });
const { data, response } = await client.chat.completions
    .create({ model: "m1", messages: [{ role: "user", content: "Say hello." }] })
    .withResponse();
console.log(JSON.stringify({
    text: data.choices[0].message.content,
    usage: data.usage,
    request_id: response.headers.get("x-request-id"),
}));
