// Programs as developers write them with the AI SDK (`ai`): node ai.mjs FRONT MODEL,MODEL CASE [TEXT]
// FRONT is the provider package that is pointed at the daemon; one JSON line tells what each model brought.
import { APICallError, generateText, jsonSchema, Output, stepCountIs, streamText, tool } from "ai";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createCohere } from "@ai-sdk/cohere";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";

globalThis.AI_SDK_LOG_WARNINGS = false;  // they would go to stdout
const [front, models, name, said = "Say hello."] = process.argv.slice(2);
const { OBLIV_URL: url, OBLIV_KEY: apiKey } = process.env;
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=";
const schema = jsonSchema({
    type: "object", properties: { text: { type: "string" } }, required: ["text"], additionalProperties: false,
});

const fronts = {
    anthropic: () => createAnthropic({ baseURL: `${url}/v1`, apiKey }),
    cohere: () => createCohere({ baseURL: `${url}/v2`, apiKey }),
    compatible: () => createOpenAICompatible({ name: "obliv", baseURL: `${url}/v1`, apiKey, includeUsage: true, supportsStructuredOutputs: true }),
    google: () => createGoogleGenerativeAI({ baseURL: `${url}/v1beta`, apiKey }),
    openai: () => createOpenAI({ baseURL: `${url}/v1`, apiKey }).chat,
    responses: () => createOpenAI({ baseURL: `${url}/v1`, apiKey }).responses,
};
const provider = fronts[front]();
const seen = (reply) => ({
    text: reply.text, finish: reply.finishReason, input: reply.usage.inputTokens, output: reply.usage.outputTokens,
    calls: reply.toolCalls.map((call) => [call.toolName, call.input]), warnings: reply.warnings ?? [],
    request_id: reply.response.headers?.["x-request-id"],
});
const weather = () => tool({ description: "The weather of a place.", inputSchema: schema, execute: async () => "sunny, 20 degrees" });

const cases = {
    async chat(ask) {
        return seen(await generateText({ ...ask, system: "Be brief.", prompt: said, maxOutputTokens: 4000 }));
    },
    async stream(ask) {
        const parts = [];
        const reply = streamText({ ...ask, system: "Be brief.", prompt: said, onError() {} });
        for await (const part of reply.fullStream) {
            if (part.type === "error") throw part.error;
            if (part.type === "text-delta") parts.push(part.text);
        }
        return { parts, text: await reply.text, finish: await reply.finishReason, input: (await reply.usage).inputTokens, output: (await reply.usage).outputTokens };
    },
    // The SDK calls the tool itself and goes on with its result.
    async tools(ask) {
        const reply = await generateText({ ...ask, prompt: said, tools: { weather: weather() }, stopWhen: stepCountIs(2),
            prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? "required" : "auto" }) });
        return { steps: reply.steps.map(seen), text: reply.text };
    },
    async "tools-stream"(ask) {
        const reply = streamText({ ...ask, prompt: said, tools: { weather: weather() }, stopWhen: stepCountIs(2), onError() {},
            prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? { type: "tool", toolName: "weather" } : "auto" }) });
        const parts = [];
        for await (const part of reply.fullStream) {
            if (part.type === "error") throw part.error;
            parts.push(part.type);
        }
        return { steps: (await reply.steps).map(seen), parts: [...new Set(parts)], text: await reply.text };
    },
    async image(ask) {
        const content = [{ type: "text", text: said }, { type: "image", image: pixel, mediaType: "image/png" }];
        return seen(await generateText({ ...ask, messages: [{ role: "user", content }] }));
    },
    async structured(ask) {
        const reply = await generateText({ ...ask, prompt: said, output: Output.object({ schema }) });
        return { output: reply.output };
    },
    async "structured-stream"(ask) {
        const reply = streamText({ ...ask, prompt: said, output: Output.object({ schema }), onError() {} });
        return { output: await reply.output };
    },
    async settings(ask) {
        return seen(await generateText({ ...ask, prompt: said, temperature: 0.5, topP: 0.9, maxOutputTokens: 3 }));
    },
    async think(ask) {
        const reply = await generateText({ ...ask, prompt: said, providerOptions: { anthropic: { thinking: { type: "enabled", budgetTokens: 1024 } } } });
        return { ...seen(reply), thought: reply.reasoningText };
    },
    async abort(ask) {
        const controller = new AbortController();
        let texts = 0;
        const reply = streamText({ ...ask, prompt: said, abortSignal: controller.signal, onError() {} });
        for await (const part of reply.fullStream) {
            if (part.type === "text-delta" && ++texts === 3) controller.abort();
        }
        return { texts };
    },
};

const answers = {};
for (const model of models.split(",")) {
    try {
        answers[model] = await cases[name]({ model: provider(model), maxRetries: 0 });
    } catch (error) {
        answers[model] = APICallError.isInstance(error)
            ? { error: "APICallError", status: error.statusCode ?? null, message: `${error.message} ${error.responseBody}`, retryable: error.isRetryable }
            : { error: error.name ?? typeof error, message: String(error.message ?? JSON.stringify(error)) };
    }
}
console.log(JSON.stringify(answers));
