import OpenAI from "openai";

const client = new OpenAI({ maxRetries: 0 });
const { data: stream, response } = await client.chat.completions
    .create({ model: "m1", stream: true, messages: [{ role: "user", content: "Go on for ever." }] })
    .withResponse();
let texts = 0;
for await (const chunk of stream) {
    if (chunk.choices[0]?.delta.content && ++texts === 3) stream.controller.abort();
}
console.log(JSON.stringify({ texts, request_id: response.headers.get("x-request-id") }));
