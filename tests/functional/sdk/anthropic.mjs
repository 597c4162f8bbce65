// One program for each way that developers use @anthropic-ai/sdk: node anthropic.mjs CASE [TEXT]
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ maxRetries: 0 });
const [name, said = "Say hello."] = process.argv.slice(2);
const ask = { model: process.env.MODEL ?? "m1", max_tokens: 4000, messages: [{ role: "user", content: said }] };
const tools = [{
    name: "weather", description: "The weather of a city.",
    input_schema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
}];
const print = (value) => console.log(JSON.stringify(value));
const seen = (message) => ({
    type: message.type, role: message.role, model: message.model, stop: message.stop_reason, usage: message.usage,
    blocks: message.content.map((block) => block.type),
    text: message.content.map((block) => block.text ?? "").join(""),
    calls: message.content.filter((block) => block.type === "tool_use"),
    thoughts: message.content.filter((block) => block.type === "thinking"),
});

const cases = {
    async chat() {
        const { data, response } = await client.messages.create(ask).withResponse();
        print({ ...seen(data), request_id: response.headers.get("x-request-id"), sdk_request_id: data._request_id });
    },
    async stream() {
        const texts = [];
        const stream = client.messages.stream(ask).on("text", (text) => texts.push(text));
        print({ ...seen(await stream.finalMessage()), texts });
    },
    async events() {
        const types = [];
        for await (const event of await client.messages.create({ ...ask, stream: true })) types.push(event.type);
        print(types);
    },
    async tools() {
        const first = await client.messages.create({ ...ask, tools, tool_choice: { type: "any" } });
        const call = first.content.find((block) => block.type === "tool_use");
        const second = await client.messages.create({
            ...ask, tools,
            messages: [...ask.messages, { role: "assistant", content: first.content }, {
                role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "sunny, 20 degrees" }],
            }],
        });
        print({ first: seen(first), second: seen(second) });
    },
    async "tools-stream"() {
        const stream = client.messages.stream({ ...ask, tools, tool_choice: { type: "tool", name: "weather" } });
        print(seen(await stream.finalMessage()));
    },
    async think() {
        const thinking = { type: "enabled", budget_tokens: 1024 };
        const first = await client.messages.stream({ ...ask, thinking }).finalMessage();
        const second = await client.messages.create({
            ...ask, thinking, messages: [...ask.messages, { role: "assistant", content: first.content }, ask.messages[0]],
        });
        print({ first: seen(first), second: seen(second) });
    },
    async image() {
        const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=";
        const image = { type: "image", source: { type: "base64", media_type: "image/png", data: pixel } };
        print(seen(await client.messages.create({ ...ask, messages: [{ role: "user", content: [image, { type: "text", text: said }] }] })));
    },
    async structured() {
        const schema = { ...tools[0].input_schema, additionalProperties: false };
        const reply = await client.messages.create({ ...ask, output_config: { format: { type: "json_schema", schema } } });
        print(JSON.parse(seen(reply).text));
    },
    async abort() {
        const { data: stream, response } = await client.messages.create({ ...ask, stream: true }).withResponse();
        let texts = 0;
        for await (const event of stream) {
            if (event.type === "content_block_delta" && ++texts === 3) stream.controller.abort();
        }
        print({ texts, request_id: response.headers.get("x-request-id") });
    },
    async count() {
        print(await client.messages.countTokens({ model: ask.model, messages: ask.messages }));
    },
    async models() {
        const ids = [];
        for await (const model of client.models.list({ limit: 1 })) ids.push(model.id);
        print(ids.sort());
    },
    async refused() {
        const image = { type: "image", source: { type: "file", file_id: "file_1" } };
        await client.messages.create({ ...ask, messages: [{ role: "user", content: [image] }] });
    },
};

try {
    await cases[name]();
} catch (error) {
    if (!(error instanceof Anthropic.APIError)) throw error;
    print({ class: error.constructor.name, status: error.status ?? null, type: error.type ?? null, told_id: Boolean(error.requestID) || error.status === undefined });
}
