// Programs as developers write them with `cohere-ai`: node cohere.mjs MODEL,MODEL CASE [TEXT]
import { CohereClientV2, CohereError } from "cohere-ai";

const [models, name, said = "Say hello."] = process.argv.slice(2);
const cohere = new CohereClientV2({ token: process.env.OBLIV_KEY, environment: process.env.OBLIV_URL });
const once = { maxRetries: 0 };
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=";
const messages = [{ role: "system", content: "Be brief." }, { role: "user", content: said }];
const schema = { type: "object", properties: { text: { type: "string" } }, required: ["text"] };
const tools = [{ type: "function", function: { name: "weather", description: "The weather of a place.", parameters: schema } }];
const seen = (reply) => ({
    text: (reply.message.content ?? []).filter((part) => part.type === "text").map((part) => part.text).join(""),
    thought: (reply.message.content ?? []).filter((part) => part.type === "thinking").map((part) => part.thinking).join(""),
    calls: (reply.message.toolCalls ?? []).map((call) => [call.function.name, JSON.parse(call.function.arguments)]),
    finish: reply.finishReason, input: reply.usage?.billedUnits?.inputTokens, output: reply.usage?.billedUnits?.outputTokens,
});

const cases = {
    async chat(model) {
        return seen(await cohere.chat({ model, messages }, once));
    },
    async stream(model, more = {}) {
        const out = { parts: [], thought: "", calls: [], kinds: [] };
        for await (const event of await cohere.chatStream({ model, messages, ...more }, once)) {
            if (out.kinds.at(-1) !== event.type) out.kinds.push(event.type);
            if (event.type === "content-delta" && event.delta.message.content.text) out.parts.push(event.delta.message.content.text);
            if (event.type === "content-delta" && event.delta.message.content.thinking) out.thought += event.delta.message.content.thinking;
            if (event.type === "tool-call-start") out.calls.push([event.delta.message.toolCalls.function.name, event.delta.message.toolCalls.function.arguments]);
            if (event.type === "tool-call-delta") out.calls.at(-1)[1] += event.delta.message.toolCalls.function.arguments;
            if (event.type === "message-end") out.finish = event.delta.finishReason, out.output = event.delta.usage?.billedUnits?.outputTokens;
        }
        out.calls = out.calls.map(([called, json]) => [called, JSON.parse(json)]);
        return out;
    },
    async tools(model) {
        const first = await cohere.chat({ model, messages, tools, toolChoice: "REQUIRED" }, once);
        const results = first.message.toolCalls.map((call) => ({ role: "tool", toolCallId: call.id, content: "sunny, 20 degrees" }));
        const turn = { role: "assistant", toolCalls: first.message.toolCalls };
        const second = await cohere.chat({ model, messages: [...messages, turn, ...results], tools }, once);
        return { first: seen(first), second: seen(second) };
    },
    async "tools-stream"(model) {
        return cases.stream(model, { tools, toolChoice: "REQUIRED" });
    },
    async image(model) {
        const content = [{ type: "text", text: said }, { type: "image_url", imageUrl: { url: `data:image/png;base64,${pixel}` } }];
        return seen(await cohere.chat({ model, messages: [{ role: "user", content }] }, once));
    },
    async documents(model) {
        const documents = ["The sky is blue.", { id: "d1", data: { title: "Sea", text: "The sea is wet." } }];
        return seen(await cohere.chat({ model, messages, documents }, once));
    },
    async structured(model) {
        return JSON.parse(seen(await cohere.chat({ model, messages, responseFormat: { type: "json_object", jsonSchema: schema } }, once)).text);
    },
    async settings(model) {
        return seen(await cohere.chat({ model, messages, temperature: 0.5, p: 0.9, maxTokens: 3 }, once));
    },
    async abort(model) {
        const controller = new AbortController();
        let texts = 0;
        try {
            for await (const event of await cohere.chatStream({ model, messages }, { ...once, abortSignal: controller.signal })) {
                if (event.type === "content-delta" && ++texts === 3) controller.abort();
            }
        } catch (error) {
            if (!controller.signal.aborted) throw error;
        }
        return { texts };
    },
    async embed(model) {
        const reply = await cohere.embed({ model, texts: ["one", "two"], inputType: "search_query", embeddingTypes: ["float"], outputDimension: 2 }, once);
        return { vectors: reply.embeddings.float, tokens: reply.meta.billedUnits.inputTokens, texts: reply.texts };
    },
    async rerank(model) {
        const documents = ["nothing", "capital of France", "France has a capital"];
        const reply = await cohere.rerank({ model, query: "capital of France", documents, topN: 2 }, once);
        return reply.results.map((result) => result.index);
    },
};

const answers = {};
for (const model of models.split(",")) {
    try {
        answers[model] = await cases[name](model);
    } catch (error) {
        answers[model] = { error: error.constructor.name, ours: error instanceof CohereError, status: error.statusCode ?? null, message: error.message };
    }
}
console.log(JSON.stringify(answers));
