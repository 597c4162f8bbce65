#include "core/wire/responses_state.hpp"

#include "core/wire/fields.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

constexpr std::string_view previous_field = "previous_response_id";

/// The items of a request: a text is a message of the user.
Json items_of(const Json& body) {
    const auto* input = member(body, "input");
    if (input == nullptr)
        return Json::array();
    if (!input->is_string())
        return *input;
    return Json::array({{{"type", "message"}, {"role", "user"}, {"content", *input}}});
}

bool is_call(std::string_view type) {
    return type == "function_call" || type == "custom_tool_call";
}

/// An item that a model has made, as the next request brings it; null: it stays behind.
Json replayed(Json item) {
    auto type = string_in(item, "type");
    if (type == "reasoning" && string_in(item, "encrypted_content").empty())
        return nullptr;
    if (type != "message" && type != "reasoning" && !is_call(type))
        return item;
    item.erase("id");
    item.erase("status");
    if (auto content = item.find("content"); content != item.end() && content->is_array())
        for (auto& part : *content)
            if (part.is_object())
                part.erase("logprobs");
    return item;
}

void append_all(Json& out, const Json& items) {
    if (items.is_array())
        for (const auto& item : items)
            out.push_back(item);
}

bool is_end(const Frame& frame) {
    constexpr std::array<std::string_view, 2> ends{"response.completed", "response.incomplete"};
    for (auto end : ends) {
        if (frame.event == end)
            return true;
        // Not every host names its events; the type stands near the front or the back.
        if (frame.event.empty() && frame.data.find(end) != std::string_view::npos)
            return true;
    }
    return false;
}

}  // namespace

Result<ResponsesTurn> read_responses_turn(std::string_view text) {
    auto json = parse_json(text);
    if (!json)
        return json.error();
    Complaint complaint;
    Fields body(*json, "", complaint);
    ResponsesTurn out;
    std::optional<bool> store;
    std::optional<bool> background;
    body.read(previous_field, out.previous);
    body.read("store", store);
    body.read("background", background);
    out.store = store.value_or(true);
    auto items = items_of(*json);
    if (!items.is_array())
        complaint.expected("input", "a string or an array of items");
    if (background.value_or(false)) {
        auto error = fail(Code::unsupported, "'background' responses are not served here: leave "
                                             "it out, and stream what takes long");
        error.param = "background";
        complaint.say(std::move(error));
    }
    if (complaint)
        return *complaint.first();
    out.input = json_text(items);
    return out;
}

Result<std::string> with_history(std::string_view text, std::span<const PastTurn> past) {
    auto json = parse_json(text);
    if (!json)
        return json.error();
    if (!json->is_object())
        return fail(Code::invalid_request, "the body must be an object");
    auto input = Json::array();
    for (const auto& turn : past) {
        append_all(input, embedded(turn.input));
        auto response = embedded(turn.response);
        const auto* output = member(response, "output");
        if (output == nullptr || !output->is_array())
            continue;
        for (const auto& item : *output)
            if (auto again = replayed(item); !again.is_null())
                input.push_back(std::move(again));
    }
    append_all(input, items_of(*json));
    (*json)["input"] = std::move(input);
    json->erase(std::string(previous_field));
    return json_text(*json);
}

std::string input_items_list(std::string_view id, const llm::JsonText& input) {
    auto items = embedded(input);
    Json data = Json::array();
    for (std::size_t at = items.is_array() ? items.size() : 0; at-- > 0;) {
        auto item = items[at];
        if (!item.is_object())
            continue;
        if (!item.contains("type"))
            item["type"] = "message";
        if (!item.contains("id"))
            item["id"] = "item_" + std::string(id) + "_" + std::to_string(at);
        auto content = item.find("content");
        if (content != item.end() && content->is_string()) {
            bool models = string_in(item, "role") == "assistant";
            Json part = {{"type", models ? "output_text" : "input_text"}, {"text", *content}};
            item["content"] = Json::array({std::move(part)});
        }
        data.push_back(std::move(item));
    }
    Json out = {{"object", "list"}, {"data", data}, {"has_more", false}};
    out["first_id"] = data.empty() ? Json() : data.front()["id"];
    out["last_id"] = data.empty() ? Json() : data.back()["id"];
    return json_text(out);
}

void ResponseCapture::feed(std::string_view bytes) {
    if (!lost_ && !frames_.feed(bytes, [this](const Frame& frame) { return take(frame); }))
        lost_ = true;
}

std::optional<CaughtResponse> ResponseCapture::finish() {
    if (!lost_ && !frames_.finish([this](const Frame& frame) { return take(frame); }))
        lost_ = true;
    return lost_ ? std::nullopt : response_;
}

Result<void> ResponseCapture::take(const Frame& frame) {
    if (!frame.whole_body && !is_end(frame))
        return ok();
    auto json = parse_json(frame.data);
    if (!json)
        return json.error();
    const auto* response = frame.whole_body ? &*json : member(*json, "response");
    if (response == nullptr)
        return ok();
    auto status = string_in(*response, "status");
    auto id = string_in(*response, "id");
    if (!id.empty() && (status == "completed" || status == "incomplete"))
        response_ = CaughtResponse{std::move(id), json_text(*response)};
    return ok();
}

}  // namespace obliv::wire
