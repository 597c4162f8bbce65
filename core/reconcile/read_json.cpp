#include "core/base/text.hpp"
#include "core/reconcile/bill.hpp"

#include <nlohmann/json.hpp>

#include <istream>
#include <vector>

namespace obliv::reconcile {
namespace {

using Json = nlohmann::json;

constexpr std::size_t depth_max = 32;

/// Reports of providers are lists of buckets of time with lists of results in them. Whatever stands
/// in a list and has figures is a line; a day or model that it does not name itself is that of what
/// it stands in, and figures in an object inside of it (`cache_creation`, `amount`) are its own.
class Reader final : public nlohmann::json_sax<Json> {
public:
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return wrong("a number below zero"); }
    bool number_unsigned(number_unsigned_t value) override { return take(std::to_string(value)); }
    bool number_float(number_float_t, const string_t& text) override { return take(text); }
    bool string(string_t& value) override { return take(value); }
    bool binary(binary_t&) override { return true; }
    bool key(string_t& name) override {
        name_ = name;
        return true;
    }
    bool start_object(std::size_t) override {
        if (scopes_.size() >= depth_max)
            return wrong("objects too deep in each other");
        Scope scope;
        scope.listed = in_list_;
        scope.name = name_;
        scopes_.push_back(std::move(scope));
        in_list_ = false;
        return true;
    }
    bool end_object() override {
        auto scope = std::move(scopes_.back());
        scopes_.pop_back();
        in_list_ = scope.listed;
        if (!scope.figures)
            return true;
        if (!scope.listed && !scopes_.empty()) {
            scopes_.back().line.add(scope.line);
            scopes_.back().figures = true;
            return true;
        }
        return give(scope);
    }
    bool start_array(std::size_t) override {
        lists_.push_back(in_list_);
        in_list_ = true;
        return lists_.size() < depth_max || wrong("lists too deep in each other");
    }
    bool end_array() override {
        in_list_ = lists_.back();
        lists_.pop_back();
        return true;
    }
    bool parse_error(std::size_t at, const std::string&, const Json::exception&) override {
        return wrong("not JSON at byte " + std::to_string(at));
    }

    Bill bill;
    std::string problem;

private:
    struct Scope {
        bool listed = false;  ///< stands in a list
        bool figures = false;
        std::string name;
        std::string day;
        std::string model;
        Line line;
    };

    bool wrong(std::string what) {
        if (problem.empty())
            problem = std::move(what);
        return false;
    }

    bool take(const std::string& text) {
        if (in_list_ || scopes_.empty())
            return true;
        auto& scope = scopes_.back();
        auto role = role_of(name_);
        // {"amount":{"value":"0.06","currency":"usd"}}
        if (name_ == "value" && role_of(scope.name) == Role::cost)
            role = Role::cost;
        switch (role) {
        case Role::none:
            return true;
        case Role::day:
            return take_day(scope, text);
        case Role::model:
            scope.model = text;
            return true;
        default:
            break;
        }
        if (!take_figure(scope.line, role, text))
            return wrong(visible(name_.substr(0, 80)) + " has a value that makes no sense");
        scope.figures = true;
        bill.has_cost = bill.has_cost || role == Role::cost;
        bill.has_tokens = bill.has_tokens || role == Role::input || role == Role::output;
        return true;
    }

    bool take_day(Scope& scope, const std::string& text) {
        auto day = day_of(text);
        if (day && scope.day.empty())
            scope.day = *day;
        return day || wrong(visible(name_.substr(0, 80)) + " is no time");
    }

    bool give(const Scope& scope) {
        auto day = scope.day;
        auto model = scope.model;
        for (auto outer = scopes_.rbegin(); outer != scopes_.rend(); ++outer) {
            if (day.empty())
                day = outer->day;
            if (model.empty())
                model = outer->model;
        }
        if (day.empty())
            return wrong("figures without a day");
        auto added = bill.add(day, model, scope.line);
        return added || wrong(added.error().message);
    }

    std::vector<Scope> scopes_;
    std::vector<bool> lists_;  // whether each open list stands in a list
    bool in_list_ = false;
    std::string name_;
};

}  // namespace

Result<Bill> read_json(std::istream& from) {
    Reader reader;
    if (!Json::sax_parse(from, &reader))
        return fail(Code::invalid_request,
                    reader.problem.empty() ? "the bill is not JSON" : reader.problem);
    if (!reader.bill.has_tokens && !reader.bill.has_cost)
        return fail(Code::invalid_request, "the bill has no figures that are known");
    return std::move(reader.bill);
}

}  // namespace obliv::reconcile
