#include "core/base/text.hpp"
#include "core/reconcile/bill.hpp"

#include <istream>
#include <vector>

namespace obliv::reconcile {
namespace {

constexpr std::size_t record_bytes_max = 1 << 20;

/// One record of RFC 4180: cells may be quoted, and then hold commas, quotes and line ends.
class Records {
public:
    explicit Records(std::istream& from) : from_(from) {}

    /// False: there is no more.
    Result<bool> next(std::vector<std::string>& cells) {
        cells.clear();
        ++number_;
        if (from_.peek() == std::istream::traits_type::eof())
            return false;
        std::string cell;
        bool quoted = false;
        std::size_t bytes = 0;
        for (int c = from_.get();; c = from_.get()) {
            bool end = c == std::istream::traits_type::eof();
            if (end && quoted)
                return broken("a quote that does not end");
            if (++bytes > record_bytes_max)
                return broken("more than 1 MiB in one record");
            if (end || (!quoted && c == '\n'))
                break;
            if (c == '"')
                quoted = at_quote(quoted, cell);
            else if (c == ',' && !quoted)
                cells.push_back(std::exchange(cell, {}));
            else if (c != '\r' || quoted)
                cell += static_cast<char>(c);
        }
        cells.push_back(std::move(cell));
        return true;
    }
    Error broken(const std::string& what) const {
        return fail(Code::invalid_request, "record " + std::to_string(number_) + ": " + what);
    }

private:
    bool at_quote(bool quoted, std::string& cell) {
        if (quoted && from_.peek() == '"') {
            cell += static_cast<char>(from_.get());
            return true;
        }
        return !quoted;
    }

    std::istream& from_;
    std::int64_t number_ = 0;
};

struct Columns {
    std::vector<Role> roles;
    bool days = false;
    bool figures = false;
};

Columns columns_of(const std::vector<std::string>& head) {
    Columns out;
    for (const auto& name : head) {
        auto role = role_of(trim(name));
        // Exports name the beginning twice: as a number and as a text.
        if (role == Role::day && out.days)
            role = Role::none;
        out.days = out.days || role == Role::day;
        out.figures =
            out.figures || role == Role::input || role == Role::output || role == Role::cost;
        out.roles.push_back(role);
    }
    return out;
}

struct Row {
    std::string day;
    std::string model;
    Line line;
};

/// The name of the column whose cell makes no sense; empty: all do.
std::string read_row(const Columns& columns, const std::vector<std::string>& head,
                     const std::vector<std::string>& cells, Row& row) {
    for (std::size_t i = 0; i < std::min(cells.size(), columns.roles.size()); ++i) {
        auto role = columns.roles[i];
        if (role == Role::day) {
            auto day = day_of(cells[i]);
            if (!day)
                return head[i];
            row.day = *day;
        } else if (role == Role::model) {
            row.model = trim(cells[i]);
        } else if (role != Role::none && !take_figure(row.line, role, cells[i])) {
            return head[i];
        }
    }
    return {};
}

}  // namespace

Result<Bill> read_csv(std::istream& from) {
    Records records(from);
    std::vector<std::string> head;
    if (auto first = records.next(head); !first)
        return first.error();
    auto columns = columns_of(head);
    if (!columns.days || !columns.figures)
        return fail(Code::invalid_request,
                    "expected a head such as date,model,input_tokens,output_tokens,cost");
    Bill bill;
    for (auto role : columns.roles) {
        bill.has_tokens = bill.has_tokens || role == Role::input || role == Role::output;
        bill.has_cost = bill.has_cost || role == Role::cost;
    }
    std::vector<std::string> cells;
    while (true) {
        auto more = records.next(cells);
        if (!more)
            return more.error();
        if (!*more)
            return bill;
        if (cells.size() == 1 && trim(cells[0]).empty())
            continue;
        Row row;
        if (auto wrong = read_row(columns, head, cells, row); !wrong.empty())
            return records.broken("the column " + visible(wrong.substr(0, 80)) +
                                  " has a value that makes no sense");
        if (row.day.empty())
            return records.broken("there is no day");
        if (auto added = bill.add(row.day, row.model, row.line); !added)
            return added.error();
    }
}

}  // namespace obliv::reconcile
