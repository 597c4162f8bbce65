#include "core/wire/anthropic_lists.hpp"

#include "core/base/time_format.hpp"
#include "core/wire/anthropic_parts.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

Json model_json(const ListedModel& model) {
    auto created = from_unix_nanos(model.created_at * 1'000'000'000);
    return {{"type", "model"},
            {"id", model.id},
            {"display_name", model.display_name.empty() ? model.id : model.display_name},
            {"created_at", rfc3339(created)}};
}

std::span<const ListedModel> page_of(std::span<const ListedModel> models, const ListPage& page) {
    auto place = [&](const std::string& id) {
        auto found = std::find_if(models.begin(), models.end(),
                                  [&](const ListedModel& model) { return model.id == id; });
        return static_cast<std::size_t>(found - models.begin());
    };
    auto limit = std::clamp<std::size_t>(page.limit, 1, 1'000);
    if (!page.before_id.empty()) {
        auto end = place(page.before_id);
        if (end == models.size())
            return {};
        auto size = std::min(limit, end);
        return models.subspan(end - size, size);
    }
    auto begin = page.after_id.empty() ? 0 : std::min(place(page.after_id) + 1, models.size());
    return models.subspan(begin, std::min(limit, models.size() - begin));
}

}  // namespace

std::string anthropic_count_body(const llm::ChatRequest& request) {
    auto written = write_anthropic_request(request, {});
    auto body = embedded(written->body);
    // What is refused there, because it has nothing to do with the prompt.
    constexpr std::array others{"max_tokens", "stream",         "temperature",  "top_p",
                                "top_k",      "stop_sequences", "service_tier", "metadata"};
    for (const auto* name : others)
        body.erase(name);
    return json_text(body);
}

std::string anthropic_count_reply(std::int64_t input_tokens) {
    return "{\"input_tokens\":" + std::to_string(input_tokens) + "}";
}

Result<std::int64_t> read_anthropic_count_reply(std::string_view body) {
    auto value = parse_json(body);
    auto count = value ? int_in(*value, "input_tokens") : std::nullopt;
    if (!count || *count < 0)
        return fail(Code::upstream_failed, "the provider's count of tokens is none");
    return *count;
}

std::string anthropic_models(std::span<const ListedModel> models, const ListPage& page) {
    auto shown = page_of(models, page);
    auto data = Json::array();
    for (const auto& model : shown)
        data.push_back(model_json(model));
    bool back = !page.before_id.empty();
    bool more =
        !shown.empty() && (back ? shown.data() != models.data()
                                : shown.data() + shown.size() != models.data() + models.size());
    Json out{{"data", std::move(data)}, {"has_more", more}};
    out["first_id"] = shown.empty() ? Json() : Json(shown.front().id);
    out["last_id"] = shown.empty() ? Json() : Json(shown.back().id);
    return json_text(out);
}

std::string anthropic_model(const ListedModel& model) {
    return json_text(model_json(model));
}

Result<ModelIds> read_anthropic_models(std::string_view body) {
    auto value = parse_json(body);
    const auto* data = value ? member(*value, "data") : nullptr;
    if (data == nullptr || !data->is_array())
        return fail(Code::upstream_failed, "the provider's list of models has no 'data'");
    ModelIds out;
    for (const auto& model : *data)
        if (auto id = string_in(model, "id"); !id.empty())
            out.ids.push_back(std::move(id));
    if (true_in(*value, "has_more"))
        out.after_id = string_in(*value, "last_id");
    return out;
}

}  // namespace obliv::wire
