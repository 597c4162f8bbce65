#include "core/base/encoding.hpp"
#include "core/wire/plain.hpp"
#include "tests/support/recordings.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::wire;
using Value = nlohmann::json;

namespace {

llm::PlainRequest read(const PlainForm& form, std::string_view body, std::string_view model = {}) {
    auto request = form.read_request({.body = body, .model = model});
    if (!request)
        FAIL(request.error().message);
    if (request->model.empty())
        request->model = "m";
    return *request;
}

std::string param_of(const PlainForm& form, std::string_view body) {
    auto request = form.read_request({.body = body, .model = "m"});
    REQUIRE_FALSE(request);
    CHECK(request.error().code == Code::invalid_request);
    return request.error().param;
}

Value written(const PlainForm& form, const llm::PlainRequest& request, std::string lost = "") {
    auto made = form.write_request(request);
    if (!made)
        FAIL(made.error().message);
    std::string names;
    for (const auto& loss : made->losses)
        names += (names.empty() ? "" : " ") + loss.field;
    CHECK(names == lost);
    return Value::parse(made->body);
}

llm::PlainReply reply_of(const PlainForm& form, std::string_view body,
                         const llm::PlainRequest& request) {
    auto reply = form.read_reply(body, request);
    if (!reply)
        FAIL(reply.error().message);
    return *reply;
}

std::vector<std::string> vectors(const llm::PlainReply& reply) {
    return std::get<llm::Vectors>(reply.what).values;
}

llm::PlainRequest of_two() {
    return read(openai_embeddings, R"({"model":"m","input":["a","b"]})");
}

}  // namespace

TEST_CASE("one request for vectors in the words of every provider", "[wire][plain]") {
    auto request = read(openai_embeddings, R"({"model":"m","input":["a","b"],"dimensions":8,)"
                                           R"("input_type":"query","user":"u"})");
    CHECK(written(openai_embeddings, request, "input_type") ==
          Value::parse(R"({"model":"m","input":["a","b"],"dimensions":8})"));
    CHECK(written(voyage_embeddings, request) ==
          Value::parse(R"({"model":"m","input":["a","b"],"output_dimension":8,)"
                       R"("input_type":"query"})"));
    CHECK(written(cohere_embeddings, request) ==
          Value::parse(R"({"model":"m","texts":["a","b"],"input_type":"search_query",)"
                       R"("embedding_types":["float"],"output_dimension":8})"));
    CHECK(written(gemini_embeddings, request) == Value::parse(R"({"requests":[
        {"model":"models/m","content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":8},
        {"model":"models/m","content":{"parts":[{"text":"b"}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":8}]})"));
    CHECK(written(vertex_embeddings, request) ==
          Value::parse(R"({"instances":[{"content":"a","task_type":"RETRIEVAL_QUERY"},
        {"content":"b","task_type":"RETRIEVAL_QUERY"}],"parameters":{"outputDimensionality":8}})"));
    request.model = "eu.cohere.embed-v4:0";
    CHECK(written(bedrock_embeddings, request) ==
          Value::parse(R"({"texts":["a","b"],"input_type":"search_query",)"
                       R"("embedding_types":["float"],"output_dimension":8})"));
}

TEST_CASE("Bedrock's own models take one text, each in its words", "[wire][plain]") {
    auto one = read(openai_embeddings, R"({"input":"a","dimensions":256})");
    one.model = "amazon.titan-embed-text-v2:0";
    CHECK(written(bedrock_embeddings, one) ==
          Value::parse(R"({"inputText":"a","dimensions":256})"));
    one.model = "amazon.titan-embed-text-v1";
    CHECK(written(bedrock_embeddings, one, "dimensions") == Value::parse(R"({"inputText":"a"})"));
    one.model = "amazon.nova-2-multimodal-embeddings-v1:0";
    CHECK(written(bedrock_embeddings, one) ==
          Value::parse(R"({"taskType":"SINGLE_EMBEDDING","singleEmbeddingParams":{
        "embeddingPurpose":"GENERIC_INDEX","embeddingDimension":256,
        "text":{"truncationMode":"END","value":"a"}}})"));
    auto two = of_two();
    two.model = one.model;
    auto refused = bedrock_embeddings.write_request(two);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().param == "input");
    two.model = "meta.llama3";
    CHECK(bedrock_embeddings.write_request(two).error().code == Code::unsupported);
}

TEST_CASE("what a provider cannot be told of vectors is a loss by the client's name for it",
          "[wire][plain]") {
    auto openai = read(openai_embeddings, R"({"input":"a","input_type":"query","odd":1})");
    written(openai_embeddings, openai, "input_type odd");
    written(gemini_embeddings, openai, "odd");
    auto gemini = read(gemini_embedding,
                       R"({"content":{"parts":[{"text":"a"}]},"task_type":"SEMANTIC_SIMILARITY",)"
                       R"("title":"t","outputDimensionality":8,"autoTruncate":true})",
                       "g");
    written(openai_embeddings, gemini, "taskType title autoTruncate");
    written(cohere_embeddings, gemini, "taskType title autoTruncate");
    written(voyage_embeddings, gemini, "taskType title autoTruncate");
    auto same = written(gemini_embedding, gemini);
    CHECK(same["autoTruncate"] == true);
    CHECK(same["title"] == "t");
    gemini.model = "amazon.titan-embed-text-v1";
    written(bedrock_embeddings, gemini, "title autoTruncate outputDimensionality taskType");
}

TEST_CASE("tokens go to OpenAI's form only", "[wire][plain]") {
    for (const auto* body : {R"({"input":[1,2]})", R"({"input":[[1,2],[3]]})"}) {
        auto request = read(openai_embeddings, body);
        auto lists = Value::parse(body)["input"];
        CHECK(written(openai_embeddings, request)["input"] ==
              (lists[0].is_array() ? lists : Value::array({lists})));
        for (const auto* form : {&cohere_embeddings, &gemini_embeddings, &vertex_embeddings,
                                 &voyage_embeddings, &bedrock_embeddings}) {
            auto refused = form->write_request(request);
            REQUIRE_FALSE(refused);
            CHECK(refused.error().param == "input");
        }
    }
}

TEST_CASE("every provider's vectors are read, with its figures", "[wire][plain]") {
    struct Row {
        const PlainForm& form;
        const char* body;
        std::int64_t tokens;  ///< negative: not told
    };
    auto request = of_two();
    const Row rows[] = {
        {openai_embeddings,
         R"({"data":[{"embedding":[1,2]},{"embedding":[0.5]}],"usage":{"prompt_tokens":7,"total_tokens":7}})",
         7},
        {voyage_embeddings,
         R"({"data":[{"embedding":[1,2]},{"embedding":[0.5]}],"usage":{"total_tokens":7}})", 7},
        {gemini_embeddings, R"({"embeddings":[{"values":[1,2]},{"values":[0.5]}]})", -1},
        {gemini_embeddings,
         R"({"embeddings":[{"values":[1,2]},{"values":[0.5]}],"usageMetadata":{"promptTokenCount":3}})",
         3},
        {vertex_embeddings,
         R"({"predictions":[{"embeddings":{"values":[1,2],"statistics":{"token_count":1}}},
            {"embeddings":{"values":[0.5],"statistics":{"token_count":3}}}]})",
         4},
        {vertex_embeddings,
         R"({"predictions":[{"embeddings":{"values":[1,2]}},{"embeddings":{"values":[0.5]}}]})",
         -1},
        {cohere_embeddings,
         R"({"embeddings":{"float":[[1,2],[0.5]]},"meta":{"billed_units":{"input_tokens":9}}})", 9},
    };
    for (const auto& row : rows) {
        INFO(row.body);
        auto reply = reply_of(row.form, row.body, request);
        CHECK(vectors(reply) == std::vector<std::string>{"[1,2]", "[0.5]"});
        CHECK((reply.usage ? reply.usage->input : -1) == row.tokens);
    }
    request.model = "cohere.embed-english-v3";
    CHECK(
        vectors(reply_of(bedrock_embeddings, R"({"embeddings":[[1,2],[0.5]]})", request)).size() ==
        2);
}

TEST_CASE("a reply without one vector for each text is the provider's fault", "[wire][plain]") {
    auto request = of_two();
    for (const auto* form : {&openai_embeddings, &cohere_embeddings, &gemini_embeddings,
                             &vertex_embeddings, &bedrock_embeddings})
        for (const auto* body : {"", "[]", "{}", R"({"data":[{"embedding":[1]}]})",
                                 R"({"embeddings":{"float":[[1]]}})",
                                 R"({"data":[{"embedding":"AAA"},{"embedding":[1]}]})",
                                 R"({"embedding":[1]})", R"({"embeddings":[{"values":[1]},{}]})",
                                 R"({"predictions":[{"embeddings":{}},1]})"}) {
            auto reply = form->read_reply(body, request);
            INFO(form->name << ' ' << body);
            REQUIRE_FALSE(reply);
            CHECK(reply.error().code == Code::upstream_failed);
        }
}

TEST_CASE("vectors are written for OpenAI's clients as numbers or as base64", "[wire][plain]") {
    auto request = of_two();
    llm::PlainReply reply{llm::Vectors{{"[0.25,-1]", "[3e-3]"}}};
    auto body = Value::parse(openai_embeddings.write_reply(reply, request, {"mine", 12}));
    CHECK(body == Value::parse(R"({"object":"list","model":"mine",
        "data":[{"object":"embedding","index":0,"embedding":[0.25,-1]},
                {"object":"embedding","index":1,"embedding":[3e-3]}],
        "usage":{"prompt_tokens":12,"total_tokens":12}})"));
    std::get<llm::Embedding>(request.what).base64 = true;
    reply.usage = llm::Usage{.input = 5};
    body = Value::parse(openai_embeddings.write_reply(reply, request, {"mine", 12}));
    CHECK(body["usage"]["prompt_tokens"] == 5);
    auto bytes = from_base64(body["data"][0]["embedding"].get<std::string>());
    REQUIRE(bytes);
    REQUIRE(bytes->size() == 8);
    float values[2];
    std::memcpy(values, bytes->data(), sizeof values);
    CHECK(values[0] == 0.25F);
    CHECK(values[1] == -1.0F);
}

TEST_CASE("vectors are written for Gemini's clients, one and several", "[wire][plain]") {
    auto request = of_two();
    llm::PlainReply reply{llm::Vectors{{"[1,2]"}}};
    CHECK(gemini_embedding.write_reply(reply, request, {}) == R"({"embedding":{"values":[1,2]}})");
    reply = {llm::Vectors{{"[1]", "[2.5]"}}};
    CHECK(gemini_embeddings.write_reply(reply, request, {}) ==
          R"({"embeddings":[{"values":[1]},{"values":[2.5]}]})");
}

TEST_CASE("bad requests for vectors are refused by the name of the field", "[wire][plain]") {
    CHECK(param_of(openai_embeddings, R"({"model":"m"})") == "input");
    for (const auto* input : {"[]", "7", "[1,\"a\"]", "[[\"a\"]]", "[-1]", "[1.5]", "{}"})
        CHECK(param_of(openai_embeddings, R"({"input":)" + std::string(input) + "}") == "input");
    CHECK(param_of(openai_embeddings, R"({"input":"a","encoding_format":"x"})") ==
          "encoding_format");
    CHECK(param_of(openai_embeddings, R"({"input":"a","dimensions":"x"})") == "dimensions");
    CHECK(param_of(openai_embeddings, R"({"input":"a","input_type":"x"})") == "input_type");
    CHECK(param_of(gemini_embedding, "{}") == "content");
    CHECK(param_of(gemini_embedding, R"({"content":{"parts":[{"text":"a"}]},"taskType":"X"})") ==
          "taskType");
    CHECK(param_of(gemini_embeddings, "{}") == "requests");
    CHECK(param_of(gemini_embeddings,
                   R"({"requests":[{"content":{"parts":[{"inlineData":{}}]}}]})") ==
          "requests[0].content.parts");
    CHECK(param_of(gemini_embeddings,
                   R"({"requests":[{"content":{"parts":[{"text":"a"}]},"title":"t"},)"
                   R"({"content":{"parts":[{"text":"b"}]}}]})") == "requests[1]");
}

TEST_CASE("recorded vectors are read, and asked for as they were", "[wire][plain][recordings]") {
    struct Row {
        const char* provider;
        const char* path;
        const PlainForm& form;
        std::size_t count;
    };
    for (const auto& row : {Row{"gemini", ":batchEmbedContents", gemini_embeddings, 1},
                            Row{"vertex", ":predict", vertex_embeddings, 2},
                            Row{"openai", "/embeddings", openai_embeddings, 1},
                            Row{"mistral", "/embeddings", openai_embeddings, 1},
                            Row{"azure", "/embeddings", openai_embeddings, 1},
                            Row{"bedrock", "/invoke", bedrock_embeddings, 3}}) {
        std::size_t seen = 0;
        for (const auto& recording : test::recordings_of(row.provider)) {
            bool meant = recording.path.ends_with(row.path) && recording.status == 200 &&
                         recording.body.find("embedding") != std::string::npos &&
                         recording.request.find("base64") == std::string::npos;
            if (!meant)
                continue;
            INFO(recording.file);
            auto sent = Value::parse(recording.request);
            auto texts = Value::array();
            if (sent.contains("instances"))
                for (const auto& instance : sent["instances"])
                    texts.push_back(instance["content"]);
            else if (sent.contains("requests"))
                texts.push_back(sent["requests"][0]["content"]["parts"][0]["text"]);
            else if (sent.contains("inputText"))
                texts.push_back(sent["inputText"]);
            else if (sent.contains("singleEmbeddingParams"))
                texts.push_back(sent["singleEmbeddingParams"]["text"]["value"]);
            else
                texts = sent["input"];
            auto request = read(openai_embeddings, Value{{"input", texts}}.dump());
            auto begin =
                recording.path.find(row.provider == std::string("bedrock") ? "model/" : "models/");
            if (begin != std::string::npos) {
                auto name = recording.path.substr(recording.path.find('/', begin) + 1);
                request.model = name.substr(0, name.size() - std::strlen(row.path));
            }
            auto reply = reply_of(row.form, recording.body, request);
            CHECK(Value::parse(vectors(reply).front()).size() > 100);
            bool silent =
                row.form.name == "gemini" || request.model.find("nova") != std::string::npos;
            CHECK(reply.usage.has_value() == !silent);
            ++seen;
        }
        INFO(row.provider);
        CHECK(seen >= row.count);
    }
}

TEST_CASE("Cohere's clients ask for vectors and get them by type", "[wire]") {
    auto request = read(cohere_embeddings,
                        R"({"model":"m","texts":["a","b"],"input_type":"search_query",)"
                        R"("embedding_types":["float"],"output_dimension":2,"truncate":"END"})");
    const auto& embedding = std::get<llm::Embedding>(request.what);
    CHECK(embedding.texts == std::vector<std::string>{"a", "b"});
    CHECK(embedding.task == llm::EmbeddingTask::query);
    CHECK(embedding.dimensions == 2);
    auto sent = written(cohere_embeddings, request);
    CHECK(sent ==
          Value::parse(R"({"model":"m","texts":["a","b"],"input_type":"search_query",)"
                       R"("embedding_types":["float"],"output_dimension":2,"truncate":"END"})"));

    llm::PlainReply reply{llm::Vectors{{"[1,2]", "[0.5,-1]"}}};
    auto told = Value::parse(cohere_embeddings.write_reply(reply, request, {"m", 7}));
    CHECK(told["embeddings"]["float"] == Value::parse("[[1,2],[0.5,-1]]"));
    CHECK(told["texts"] == Value::parse(R"(["a","b"])"));
    CHECK(told["meta"]["billed_units"]["input_tokens"] == 7);
    reply.usage.emplace().input = 5;
    told = Value::parse(cohere_embeddings.write_reply(reply, request, {"m", 7}));
    CHECK(told["meta"]["billed_units"]["input_tokens"] == 5);
}

TEST_CASE("what Cohere's clients ask for beyond texts and floats is named", "[wire]") {
    CHECK(param_of(cohere_embeddings, R"({"model":"m"})") == "texts");
    CHECK(param_of(cohere_embeddings, R"({"model":"m","texts":[7]})") == "texts");
    CHECK(param_of(cohere_embeddings, R"({"texts":["a"],"embedding_types":["int8"]})") ==
          "embedding_types");
    CHECK(param_of(cohere_embeddings, R"({"texts":["a"],"input_type":"image"})") == "input_type");
}
