#include "core/providers/compatible.hpp"

#include "core/providers/offers.hpp"

#include <array>

namespace obliv::providers {
namespace {

using wire::Dialect;

constexpr std::array chat_and_models{openai_chat("/chat/completions"), model_list("/models")};

constexpr std::array with_rerank{
    openai_chat("/chat/completions"),
    model_list("/models"),
    Offer{Operation::embeddings, nullptr, "/embeddings"},
    Offer{Operation::rerank, nullptr, "/rerank"},
};

constexpr std::array of_deepseek{
    openai_chat("/chat/completions"),
    model_list("/models"),
    balance("/user/balance"),
    Offer{Operation::continuation, &wire::openai, "/beta/chat/completions"},
};
constexpr std::array of_moonshot{openai_chat("/chat/completions"), model_list("/models"),
                                 balance("/users/me/balance")};
constexpr std::array of_openrouter{
    openai_chat("/chat/completions"),
    model_list("/models"),
    Offer{Operation::embeddings, nullptr, "/embeddings"},
    balance("/credits"),
};

/// Whatever OpenAI's API has, a server may have.
constexpr std::array with_all{
    openai_chat("/chat/completions"),
    model_list("/models"),
    Offer{Operation::embeddings, nullptr, "/embeddings"},
    Offer{Operation::rerank, nullptr, "/rerank"},
    Offer{Operation::moderations, nullptr, "/moderations"},
    generations_of_images("/images/generations"),
    Offer{Operation::image_edits, nullptr, "/images/edits"},
    Offer{Operation::image_variations, nullptr, "/images/variations"},
    speech("/audio/speech"),
    transcriptions("/audio/transcriptions"),
    translations("/audio/translations"),
    Offer{Operation::files, nullptr, "/files"},
    Offer{Operation::batches, nullptr, "/batches"},
    Offer{Operation::realtime, nullptr, "/realtime?model={model}", {}, "GET"},
};

constexpr std::array of_groq{
    openai_chat("/chat/completions"),
    model_list("/models"),
    speech("/audio/speech"),
    transcriptions("/audio/transcriptions"),
    translations("/audio/translations"),
};

constexpr std::array of_qianfan{
    openai_chat("/chat/completions"),
    model_list("/models"),
    Offer{Operation::embeddings, nullptr, "/embeddings"},
    Offer{Operation::rerank, nullptr, "/rerank"},
    generations_of_images("/images/generations"),
};

constexpr std::array of_together{
    openai_chat("/chat/completions"),
    model_list("/models"),
    Offer{Operation::embeddings, nullptr, "/embeddings"},
    Offer{Operation::rerank, nullptr, "/rerank"},
    generations_of_images("/images/generations"),
    speech("/audio/speech"),
    transcriptions("/audio/transcriptions"),
    translations("/audio/translations"),
};

constexpr std::array of_vllm{
    openai_chat("/chat/completions"),
    model_list("/models"),
    Offer{Operation::embeddings, nullptr, "/embeddings"},
    Offer{Operation::rerank, nullptr, "/rerank"},
    transcriptions("/audio/transcriptions"),
    translations("/audio/translations"),
};

constexpr std::array of_xai{
    openai_chat("/chat/completions"),
    model_list("/models"),
    generations_of_images("/images/generations"),
};

constexpr std::array of_perplexity{openai_chat("/chat/completions"), model_list("/v1/models")};

constexpr std::array of_mistral{
    openai_chat("/chat/completions"),
    model_list("/models"),
    Offer{Operation::embeddings, nullptr, "/embeddings"},
    Offer{Operation::moderations, nullptr, "/moderations"},
    transcriptions("/audio/transcriptions"),
};

constexpr std::array of_voyage{
    of_form(Operation::embeddings, wire::voyage_embeddings, "/embeddings"),
    of_form(Operation::rerank, wire::voyage_ranking, "/rerank"),
};

constexpr std::array of_deepgram{model_list("/models")};

/// What most hosts keep of OpenAI's older API.
constexpr Dialect older() {
    Dialect dialect;
    dialect.output_limit_field = "max_tokens";
    dialect.developer_role = false;
    dialect.hints = false;
    return dialect;
}

constexpr std::string_view prefix = R"({"prefix":true})";

/// Of servers of open models, which take its sampling as well.
constexpr Dialect open_server() {
    auto dialect = older();
    dialect.top_k = true;
    return dialect;
}

/// The thoughts of a turn that calls tools have to come back with it.
constexpr Dialect with_thoughts(Dialect dialect) {
    dialect.reasoning_in_requests = true;
    return dialect;
}

constexpr Dialect without_schema() {
    auto dialect = older();
    dialect.json_schema = false;
    return dialect;
}

constexpr Dialect dialect_of_groq() {
    Dialect dialect;
    dialect.reasoning_field = "reasoning";
    dialect.developer_role = false;
    dialect.hints = false;
    return dialect;
}

constexpr Dialect dialect_of_openrouter() {
    auto dialect = with_thoughts(open_server());
    dialect.reasoning_field = "reasoning";
    return dialect;
}

/// Ids of tool calls are nine letters and digits, usage always comes, unknown fields are refused.
constexpr Dialect dialect_of_mistral() {
    auto dialect = older();
    dialect.stream_options = false;
    dialect.tool_call_id_bytes = 9;
    return dialect;
}

constexpr Dialect dialect_of_minimax() {
    auto dialect = with_thoughts(without_schema());
    dialect.output_limit_field = "max_completion_tokens";
    dialect.parallel_tool_calls = false;
    dialect.seed = false;
    return dialect;
}

constexpr Dialect dialect_of_perplexity() {
    auto dialect = older();
    dialect.parallel_tool_calls = false;
    dialect.seed = false;
    return dialect;
}

constexpr Dialect dialect_of_deepseek() {
    auto dialect = with_thoughts(without_schema());
    dialect.parallel_tool_calls = false;
    dialect.seed = false;
    return dialect;
}

}  // namespace

const Provider cerebras{"cerebras", "https://api.cerebras.ai/v1", chat_and_models,
                        dialect_of_groq()};

// Any other server that speaks OpenAI's format.
const Provider custom{"custom", "", with_all, older()};

// Speech only; its keys are not bearer tokens.
const Provider deepgram{
    "deepgram", "https://api.deepgram.com/v1", of_deepgram, {}, {"authorization", "Token "}};

// "Chat Prefix Completion (Beta)".
const Provider deepseek{.name = "deepseek",
                        .default_base_url = "https://api.deepseek.com",
                        .offers = of_deepseek,
                        .dialect = dialect_of_deepseek(),
                        .prefill = prefix};

// Thought comes in `reasoning`, and in `content` unless `reasoning_format` says otherwise.
const Provider groq{"groq", "https://api.groq.com/openai/v1", of_groq, dialect_of_groq()};

// The router of inference providers: how a model behaves depends on who serves it.
const Provider huggingface{"huggingface", "https://router.huggingface.co/v1", chat_and_models,
                           older()};

const Provider llamacpp{"llamacpp", "http://127.0.0.1:8080/v1", with_rerank, open_server()};

const Provider minimax{"minimax", "https://api.minimax.io/v1", chat_and_models,
                       dialect_of_minimax()};

const Provider mistral{.name = "mistral",
                       .default_base_url = "https://api.mistral.ai/v1",
                       .offers = of_mistral,
                       .dialect = dialect_of_mistral(),
                       .prefill = prefix};

// "Partial Mode".
const Provider moonshot{.name = "moonshot",
                        .default_base_url = "https://api.moonshot.ai/v1",
                        .offers = of_moonshot,
                        .dialect = with_thoughts(older()),
                        .prefill = R"({"partial":true})"};

const Provider openrouter{"openrouter", "https://openrouter.ai/api/v1", of_openrouter,
                          dialect_of_openrouter()};

const Provider perplexity{"perplexity", "https://api.perplexity.ai", of_perplexity,
                          dialect_of_perplexity()};

// Keys look like `bce-v3/ALTAK-.../...` and are sent whole.
const Provider qianfan{"qianfan", "https://qianfan.baidubce.com/v2", of_qianfan, older()};

const Provider together{"together", "https://api.together.xyz/v1", of_together, open_server()};

const Provider vllm{"vllm", "http://127.0.0.1:8000/v1", of_vllm, open_server()};

// Embeddings and rerank only.
const Provider voyage{"voyage", "https://api.voyageai.com/v1", of_voyage};

const Provider xai{"xai", "https://api.x.ai/v1", of_xai,
                   Dialect{.developer_role = false, .hints = false}};

}  // namespace obliv::providers
