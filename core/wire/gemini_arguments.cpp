#include "core/wire/gemini_arguments.hpp"

#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using std::string_view;

Error lost(string_view path) {
    return fail(Code::upstream_failed,
                "the provider gave a piece of a call's arguments an unusable "
                "place of " +
                    std::to_string(path.size()) + " characters");
}

/// Walks down a JSONPath of names and indexes, making what is not there yet.
class Path {
public:
    explicit Path(string_view text) : left_(text) {}

    Json* walk(Json& root) {
        if (!left_.starts_with('$'))
            return nullptr;
        left_.remove_prefix(1);
        auto* place = &root;
        for (int depth = 0; place != nullptr && !left_.empty(); ++depth)
            place = depth < depth_max ? step(*place) : nullptr;
        return place;
    }

private:
    static constexpr int depth_max = 64;

    Json* step(Json& from) {
        if (left_.starts_with('.')) {
            left_.remove_prefix(1);
            return to_name(from, take(left_.find_first_of(".[")));
        }
        if (left_.starts_with("['") || left_.starts_with("[\""))
            return quoted(from);
        if (!left_.starts_with('['))
            return nullptr;
        left_.remove_prefix(1);
        auto index = parse_int(take(left_.find(']')));
        if (!index || left_.empty())
            return nullptr;
        left_.remove_prefix(1);
        return to_index(from, *index);
    }
    Json* quoted(Json& from) {
        char quote = left_[1];
        left_.remove_prefix(2);
        auto name = take(left_.find(quote));
        if (!left_.substr(left_.empty() ? 0 : 1).starts_with(']'))
            return nullptr;
        left_.remove_prefix(2);
        return to_name(from, name);
    }
    string_view take(std::size_t end) {
        auto taken = left_.substr(0, end);
        left_.remove_prefix(taken.size());
        return taken;
    }
    static Json* to_name(Json& from, string_view name) {
        if (from.is_null())
            from = Json::object();
        return from.is_object() && !name.empty() ? &from[std::string(name)] : nullptr;
    }
    static Json* to_index(Json& from, std::int64_t index) {
        if (from.is_null())
            from = Json::array();
        // Elements come in order; anything else would let a path of a few bytes fill the memory.
        if (!from.is_array() || index < 0 || static_cast<std::size_t>(index) > from.size())
            return nullptr;
        if (static_cast<std::size_t>(index) == from.size())
            from.push_back(nullptr);
        return &from[static_cast<std::size_t>(index)];
    }

    string_view left_;
};

void put(Json& place, const Json& piece, bool goes_on) {
    if (const auto* text = member(piece, "stringValue"); text != nullptr && text->is_string()) {
        if (goes_on && place.is_string())
            place = place.get<std::string>() + text->get<std::string>();
        else
            place = *text;
    } else if (const auto* number = member(piece, "numberValue")) {
        // Google's numbers are doubles; a whole one is meant as such.
        auto whole = int_in(piece, "numberValue");
        bool same = whole && number->is_number_float() &&
                    static_cast<double>(*whole) == number->get<double>();
        place = same ? Json(*whole) : *number;
    } else if (const auto* truth = member(piece, "boolValue")) {
        place = *truth;
    } else if (piece.contains("nullValue")) {
        place = nullptr;
    }
}

}  // namespace

GeminiArguments::GeminiArguments() : value_(std::make_unique<Json>(Json::object())) {}
GeminiArguments::~GeminiArguments() = default;
GeminiArguments::GeminiArguments(GeminiArguments&&) noexcept = default;
GeminiArguments& GeminiArguments::operator=(GeminiArguments&&) noexcept = default;

void GeminiArguments::set(const Json& arguments) {
    *value_ = arguments;
}

Result<void> GeminiArguments::add(const Json& piece, std::size_t bytes_max) {
    auto path = string_in(piece, "jsonPath");
    const auto* text = member(piece, "stringValue");
    bytes_ +=
        path.size() +
        (text != nullptr && text->is_string() ? text->get_ref<const std::string&>().size() : 8);
    if (bytes_ > bytes_max)
        return fail(Code::upstream_failed,
                    "the arguments of a call are over " + std::to_string(bytes_max) + " bytes");
    auto* place = Path(path).walk(*value_);
    if (place == nullptr || place == value_.get())
        return lost(path);
    put(*place, piece, path == open_path_);
    open_path_ = true_in(piece, "willContinue") ? path : std::string();
    return ok();
}

std::string GeminiArguments::text() const {
    return json_text(*value_);
}

}  // namespace obliv::wire
