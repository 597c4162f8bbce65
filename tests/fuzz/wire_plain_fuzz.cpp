// The forms of embeddings and rankings: an odd first byte feeds the readers of requests and, with
// what they understood, every writer; an even one the readers of replies and, with those, clients'.
#include "core/base/check.hpp"
#include "core/wire/json.hpp"
#include "core/wire/plain.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace {

using namespace obliv;
using wire::PlainForm;

constexpr std::array embeddings{&wire::openai_embeddings, &wire::gemini_embedding,
                                &wire::gemini_embeddings, &wire::vertex_embeddings,
                                &wire::cohere_embeddings, &wire::voyage_embeddings,
                                &wire::bedrock_embeddings};
constexpr std::array rankings{&wire::jina_ranking, &wire::cohere_ranking, &wire::voyage_ranking};

void check_json(const std::string& text) {
    check(!nlohmann::json::parse(text, nullptr, false).is_discarded(),
          "what a form writes is JSON");
}

template <typename Forms>
void fuzz_request(const Forms& forms, std::string_view body) {
    for (const auto* form : forms) {
        if (form->read_request == nullptr)
            continue;
        auto request = form->read_request({.body = body, .model = "amazon.titan-embed-text-v2:0"});
        for (const auto* other : forms) {
            if (!request || other->write_request == nullptr)
                continue;
            if (auto written = other->write_request(*request))
                check_json(written->body);
        }
    }
}

template <typename Forms>
void fuzz_reply(const Forms& forms, std::string_view body, const llm::PlainRequest& request) {
    for (const auto* form : forms) {
        if (form->read_reply == nullptr)
            continue;
        auto reply = form->read_reply(body, request);
        for (const auto* other : forms)
            if (reply && other->write_reply != nullptr)
                check_json(other->write_reply(*reply, request, {"m", 1}));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1 || size > 64'000)
        return 0;
    std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] % 2 == 1) {
        fuzz_request(embeddings, body);
        fuzz_request(rankings, body);
        (void)wire::check_gemini_models(body, "m");
        return 0;
    }
    // As many texts as the first byte says, and base64 for every other of them.
    llm::Embedding texts;
    texts.texts.assign(data[0] / 4 % 3 + 1U, "a");
    texts.base64 = data[0] / 2 % 2 == 1;
    fuzz_reply(embeddings, body, {"openai", "cohere.embed-v4", texts});
    fuzz_reply(embeddings, body, {"openai", "amazon.nova-2-multimodal-embeddings-v1:0", texts});
    fuzz_reply(rankings, body, {"jina", "m", llm::Ranking{"q", {"a", "b"}, 1, texts.base64}});
    return 0;
}
