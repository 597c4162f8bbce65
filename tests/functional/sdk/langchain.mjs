// Programs as developers write them with @langchain/openai: node langchain.mjs chat|responses MODEL,MODEL CASE [TEXT]
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { z } from "zod";

const [api, models, name, said = "Say hello."] = process.argv.slice(2);
const { OBLIV_URL: url, OBLIV_KEY: apiKey } = process.env;
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=";
const answer = z.object({ text: z.string() });
const weather = tool(async () => "sunny, 20 degrees", { name: "weather", description: "The weather of a place.", schema: answer });
const configuration = { baseURL: `${url}/v1` };
const chat = (model, more = {}) => new ChatOpenAI({ model, apiKey, configuration, maxRetries: 0, useResponsesApi: api === "responses", ...more });
const seen = (reply) => ({
    text: reply.text, input: reply.usage_metadata?.input_tokens, output: reply.usage_metadata?.output_tokens,
    calls: reply.tool_calls.map((call) => [call.name, call.args]),
});
const prompt = [new SystemMessage("Be brief."), new HumanMessage(said)];

const cases = {
    async chat(model) {
        return seen(await chat(model).invoke(prompt));
    },
    async stream(model) {
        const parts = [];
        let whole;
        for await (const chunk of await chat(model).stream(prompt)) {
            if (chunk.text) parts.push(chunk.text);
            whole = whole ? whole.concat(chunk) : chunk;
        }
        return { ...seen(whole), parts };
    },
    async tools(model) {
        const first = await chat(model).bindTools([weather], { tool_choice: "weather" }).invoke(prompt);
        const results = [];
        for (const call of first.tool_calls) results.push(new ToolMessage({ tool_call_id: call.id, content: await weather.invoke(call.args) }));
        const second = await chat(model).bindTools([weather]).invoke([...prompt, first, ...results]);
        return { first: seen(first), second: seen(second) };
    },
    async "tools-stream"(model) {
        let whole;
        for await (const chunk of await chat(model).bindTools([weather], { tool_choice: "weather" }).stream(prompt)) {
            whole = whole ? whole.concat(chunk) : chunk;
        }
        return seen(whole);
    },
    async image(model) {
        const content = [{ type: "text", text: said }, { type: "image_url", image_url: { url: `data:image/png;base64,${pixel}` } }];
        return seen(await chat(model).invoke([new HumanMessage({ content })]));
    },
    async structured(model) {
        return chat(model).withStructuredOutput(answer, { name: "answer", method: "jsonSchema" }).invoke(said);
    },
    async "structured-by-call"(model) {
        return chat(model).withStructuredOutput(answer, { name: "answer", method: "functionCalling" }).invoke(said);
    },
    async settings(model) {
        return seen(await chat(model, { temperature: 0.5, topP: 0.9, maxTokens: 3 }).invoke(prompt));
    },
    async abort(model) {
        const controller = new AbortController();
        let texts = 0;
        try {
            for await (const chunk of await chat(model).stream(prompt, { signal: controller.signal })) {
                if (chunk.text && ++texts === 3) controller.abort();
            }
        } catch (error) {
            if (!controller.signal.aborted) throw error;
        }
        return { texts };
    },
    async embed(model) {
        const vectors = await new OpenAIEmbeddings({ model, apiKey, configuration, maxRetries: 0 }).embedDocuments(["one", "two"]);
        return { vectors: vectors.length, same_length: vectors[0].length === vectors[1].length && vectors[0].length > 0 };
    },
};

const answers = {};
for (const model of models.split(",")) {
    try {
        answers[model] = await cases[name](model);
    } catch (error) {
        answers[model] = { error: error.constructor.name, status: error.status ?? null, code: error.lc_error_code ?? null, message: error.message };
    }
}
console.log(JSON.stringify(answers));
