#include "cli/commands/account_statement.hpp"

#include "cli/commands/remote.hpp"
#include "cli/output/spreadsheet.hpp"
#include "core/base/money.hpp"
#include "core/base/time_format.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <unistd.h>

namespace obliv::cli {
namespace {

constexpr int page_rows = 1000;
constexpr std::size_t copied_bytes = 1 << 16;

using Row = std::vector<std::string>;

const std::vector<Spreadsheet::Column>& columns() {
    static const std::vector<Spreadsheet::Column> list{{"time", false, 25},  {"kind"},
                                                       {"amount", true, 16}, {"balance", true, 16},
                                                       {"call", false, 40},  {"model", false, 24},
                                                       {"reason", false, 40}};
    return list;
}

std::string text_of(const Json& line, const char* key) {
    auto found = line.find(key);
    return found != line.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// The month that is over, by UTC.
std::string last_month() {
    auto today = rfc3339(real_clock().wall());
    auto year = std::atoi(today.substr(0, 4).c_str());
    auto month = std::atoi(today.substr(5, 2).c_str());
    if (--month == 0) {
        month = 12;
        --year;
    }
    return std::to_string(year) + (month < 10 ? "-0" : "-") + std::to_string(month);
}

/// A month of an account: its sums, and its lines page by page.
class Statement {
public:
    Statement(Invocation& run, std::string path, std::string month)
        : run_(run), path_(std::move(path)), month_(std::move(month)) {}

    Result<void> open() {
        auto sums = call(run_, "GET", path_ + "?month=" + encoded(month_));
        if (!sums)
            return sums.error();
        sums_ = std::move(*sums);
        auto opening = Money::parse(text_of(sums_, "opening"));
        if (!opening)
            return opening.error();
        balance_ = *opening;
        return ok();
    }
    const Json& sums() const noexcept { return sums_; }

    /// Every line, in order. Of a month that is not over more may come in meanwhile: from then on
    /// the sums are those of the lines.
    Result<void> each(const std::function<Result<void>(const Json&)>& use) {
        std::string cursor;
        do {
            auto path =
                path_ + "/lines?limit=" + std::to_string(page_rows) + "&month=" + encoded(month_);
            auto page = call(run_, "GET", cursor.empty() ? path : path + "&cursor=" + cursor);
            if (!page)
                return page.error();
            for (const auto& line : (*page)["data"]) {
                auto done = count(line);
                if (done)
                    done = use(line);
                if (!done)
                    return done;
            }
            cursor = text_of(*page, "next_cursor");
            if (!cursor.empty())
                cursor = encoded(cursor);
        } while (!cursor.empty());
        sums_["in"] = in_.text();
        sums_["out"] = out_.text();
        sums_["charged"] = charged_.text();
        sums_["closing"] = balance_.text();
        sums_["calls"] = calls_;
        sums_["transfers"] = transfers_;
        return ok();
    }

    /// The cells of the line that each() is at.
    Row row_of(const Json& line) const {
        return {text_of(line, "time"),  text_of(line, "kind"), amount_.text(),
                balance_.text(),        text_of(line, "call"), text_of(line, "model"),
                text_of(line, "reason")};
    }
    Row opening() const {
        return {text_of(sums_, "since"), "opening", "", text_of(sums_, "opening"), "", "", ""};
    }
    Row closing() const {
        return {text_of(sums_, "until"), "closing", "", text_of(sums_, "closing"), "", "", ""};
    }

private:
    Result<void> count(const Json& line) {
        auto amount = Money::parse(text_of(line, "amount"));
        if (!amount)
            return amount.error();
        amount_ = *amount;
        balance_ += amount_;
        bool is_call = text_of(line, "kind") == "settle";
        ++(is_call ? calls_ : transfers_);
        if (is_call)
            charged_ -= amount_;
        else if (amount_ > Money{})
            in_ += amount_;
        else
            out_ -= amount_;
        return ok();
    }

    Invocation& run_;
    std::string path_;
    std::string month_;
    Json sums_;
    Money amount_;   // of the line
    Money balance_;  // after it
    Money in_;
    Money out_;
    Money charged_;
    std::int64_t calls_ = 0;
    std::int64_t transfers_ = 0;
};

/// Opening, every line, closing.
Result<void> each_row(Statement& statement, const std::function<Result<void>(const Row&)>& use) {
    if (auto done = use(statement.opening()); !done)
        return done;
    auto done = statement.each([&](const Json& line) { return use(statement.row_of(line)); });
    return done ? use(statement.closing()) : done;
}

Result<void> write_csv(Invocation& run, Statement& statement) {
    auto write = [&](const Row& row) {
        std::string text;
        for (std::size_t i = 0; i < row.size(); ++i) {
            text += i == 0 ? "" : ",";
            text += columns()[i].is_number ? row[i] : safe_csv_cell(row[i]);
        }
        return run.output.piece(text + "\n");
    };
    Row heads;
    for (const auto& column : columns())
        heads.push_back(column.head);
    std::string first;
    for (const auto& head : heads)
        first += (first.empty() ? "" : ",") + head;
    if (auto done = run.output.piece(first + "\n"); !done)
        return done;
    return each_row(statement, write);
}

Result<void> copy_out(Invocation& run, const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string part(copied_bytes, '\0');
    while (file.read(part.data(), static_cast<std::streamsize>(part.size())) || file.gcount() > 0) {
        auto count = static_cast<std::size_t>(file.gcount());
        if (auto done = run.output.piece(std::string_view(part).substr(0, count)); !done)
            return done;
    }
    return file.eof() ? ok() : Result<void>(fail(Code::io, "the spreadsheet cannot be read again"));
}

/// A folder that goes with what is in it.
class ScratchFolder {
public:
    Result<void> make(const std::string& beside) {
        auto parent = std::filesystem::path(beside).parent_path();
        path_ = ((parent.empty() ? "." : parent) / ".obliv-XXXXXX").string();
        if (::mkdtemp(path_.data()) != nullptr)
            return ok();
        path_.clear();
        return fail(Code::io, "no folder can be made beside '" + beside + "'");
    }
    ~ScratchFolder() {
        std::error_code ignored;
        if (!path_.empty())
            std::filesystem::remove_all(path_, ignored);
    }
    std::string file(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

Result<void> write_xlsx(Invocation& run, Statement& statement) {
    const auto& target = run.output.options().file;
    if (target.empty() || target == "-")
        return fail(Code::usage, "--xlsx: name a file by -o");
    ScratchFolder scratch;
    if (auto made = scratch.make(target); !made)
        return made;
    auto path = scratch.file("statement.xlsx");
    {
        Spreadsheet sheet({path}, text_of(statement.sums(), "month"), columns());
        auto done = each_row(statement, [&](const Row& row) { return sheet.add(row); });
        if (done)
            done = sheet.finish();
        if (!done)
            return done;
    }
    return copy_out(run, path);
}

/// The whole as one document, written as it comes unless a filter has to see all of it.
Result<void> write_json(Invocation& run, Statement& statement) {
    const auto& options = run.output.options();
    if (!options.jq.empty() || !options.fields.empty()) {
        auto lines = Json::array();
        auto done = statement.each([&](const Json& line) {
            lines.push_back(line);
            return ok();
        });
        auto whole = statement.sums();
        whole["lines"] = std::move(lines);
        return done ? run.output.object("obliv.account.statement/1", whole) : done;
    }
    if (auto done = run.output.piece("{\"schema\":\"obliv.account.statement/1\",\"lines\":[");
        !done)
        return done;
    bool first = true;
    auto done = statement.each([&](const Json& line) {
        auto piece = (first ? "\n" : ",\n") + line.dump();
        first = false;
        return run.output.piece(piece);
    });
    return done ? run.output.piece("\n]," + statement.sums().dump().substr(1) + "\n") : done;
}

Result<void> statement(Invocation& run) {
    bool csv = run.values.has("csv") || run.output.options().layout == Layout::csv;
    bool xlsx = run.values.has("xlsx");
    bool json = run.output.options().form != Form::human;
    if (int{csv} + int{xlsx} + int{json} > 1)
        return fail(Code::usage, "choose one of --csv, --xlsx and --json");
    Statement whole(run, "/accounts/" + encoded(run.argument(0)) + "/statement",
                    run.values.text("month").value_or(last_month()));
    if (auto opened = whole.open(); !opened)
        return opened;
    if (csv)
        return write_csv(run, whole);
    if (xlsx)
        return write_xlsx(run, whole);
    if (json)
        return write_json(run, whole);
    return run.output.object("obliv.account.statement/1", whole.sums());
}

}  // namespace

Command account_statement_command() {
    auto errors = remote_errors();
    errors.push_back(Code::not_found);
    errors.push_back(Code::conflict);
    return {
        .name = "statement",
        .summary = "Show a month of an account: opening balance, what moved it, closing balance",
        .details = "The month begins and ends by the clocks of the account. Without a form only "
                   "the sums are shown; --csv, --xlsx and --json have every line, each with the "
                   "balance after it.",
        .arguments = {{.name = "ACCOUNT", .help = "Id or name of an account"}},
        .flags = {{.name = "month",
                   .value = "YYYY-MM",
                   .help = "Which; the one before this by default"},
                  {.name = "csv", .value = "", .help = "Every line as CSV"},
                  {.name = "xlsx", .value = "", .help = "Every line as a spreadsheet (with -o)"}},
        .examples = {{"obliv account statement team --month 2026-10", "The sums"},
                     {"obliv account statement team --month 2026-10 --xlsx -o october.xlsx",
                      "A spreadsheet"}},
        .errors = errors,
        .run = statement};
}

}  // namespace obliv::cli
