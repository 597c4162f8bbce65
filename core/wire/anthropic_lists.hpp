#pragma once

#include "core/base/result.hpp"
#include "core/llm/chat_request.hpp"
#include "core/wire/wire.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::wire {

/// Reads the body of `POST /v1/messages/count_tokens`: a message request without a limit of output.
Result<llm::ChatRequest> read_anthropic_count(const RequestSource& source);

/// The body that asks an upstream for the same count.
std::string anthropic_count_body(const llm::ChatRequest& request);

/// The answer to it, and what such an answer says.
std::string anthropic_count_reply(std::int64_t input_tokens);
Result<std::int64_t> read_anthropic_count_reply(std::string_view body);

struct ListedModel {
    std::string id;
    std::string display_name{};   ///< empty: its id
    std::int64_t created_at = 0;  ///< seconds since 1970; 0: not told
};

/// Which page of the list a client wants.
struct ListPage {
    std::string after_id{};   ///< the one behind this
    std::string before_id{};  ///< the one in front of this
    std::size_t limit = 20;   ///< 1 to 1,000
};

/// `GET /v1/models` as Anthropic answers it. An unknown id gives an empty page.
std::string anthropic_models(std::span<const ListedModel> models, const ListPage& page);

/// One of them: `GET /v1/models/{id}`.
std::string anthropic_model(const ListedModel& model);

/// The ids in one page of an upstream's list, and where the next begins; empty: that was the last.
struct ModelIds {
    std::vector<std::string> ids;
    std::string after_id;
};
Result<ModelIds> read_anthropic_models(std::string_view body);

}  // namespace obliv::wire
