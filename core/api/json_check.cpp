#include "core/api/json_check.hpp"

#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

#include <set>
#include <vector>

namespace obliv::api {
namespace {

using Json = nlohmann::ordered_json;

/// Follows the parser and keeps nothing but the keys of the objects that are open.
class Checker {
public:
    explicit Checker(std::size_t depth_max) : depth_max_(depth_max) {}
    const Error& error() const noexcept { return error_; }

    bool null() { return true; }
    bool boolean(bool) { return true; }
    bool number_integer(Json::number_integer_t) { return true; }
    bool number_unsigned(Json::number_unsigned_t) { return true; }
    bool number_float(Json::number_float_t, const std::string&) { return true; }
    bool string(std::string&) { return true; }
    bool binary(Json::binary_t&) { return true; }
    bool start_object(std::size_t) { return open(); }
    bool end_object() { return close(); }
    bool start_array(std::size_t) { return open(); }
    bool end_array() { return close(); }
    bool key(std::string& name) {
        if (keys_.back().insert(name).second)
            return true;
        error_ = fail(Code::invalid_request,
                      "the field '" + visible(name.substr(0, 80)) + "' is given twice");
        error_.param = visible(name.substr(0, 80));
        return false;
    }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) {
        error_ = fail(Code::invalid_request,
                      "expected JSON, but it goes wrong at byte " + std::to_string(position));
        return false;
    }

private:
    bool open() {
        if (keys_.size() == depth_max_) {
            error_ = fail(Code::invalid_request, "the JSON is nested deeper than " +
                                                     std::to_string(depth_max_) + " levels");
            return false;
        }
        keys_.emplace_back();
        return true;
    }
    bool close() {
        keys_.pop_back();
        return true;
    }

    std::size_t depth_max_;
    std::vector<std::set<std::string>> keys_;
    Error error_;
};

}  // namespace

Result<void> check_json(std::string_view text, std::size_t depth_max) {
    if (auto offset = first_invalid_utf8(text))
        return fail(Code::invalid_request,
                    "expected UTF-8, but byte " + std::to_string(*offset + 1) + " is none");
    Checker checker(depth_max);
    if (!Json::sax_parse(text.begin(), text.end(), &checker))
        return checker.error();
    return ok();
}

}  // namespace obliv::api
