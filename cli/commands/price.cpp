#include "cli/commands/all.hpp"
#include "cli/commands/batch.hpp"
#include "cli/commands/input.hpp"
#include "cli/commands/price_file.hpp"
#include "cli/commands/remote.hpp"
#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace obliv::cli {
namespace {

struct Unit {
    const char* flag;
    const char* field;
    const char* help;
};
constexpr std::array units{
    Unit{"input", "input", "USD per million input tokens"},
    Unit{"output", "output", "USD per million output tokens"},
    Unit{"cache-read", "cache_read", "USD per million tokens read from a prompt cache"},
    Unit{"cache-write-5m", "cache_write_5m", "USD per million tokens kept five minutes"},
    Unit{"cache-write-1h", "cache_write_1h", "USD per million tokens kept an hour"},
    Unit{"reasoning", "reasoning", "USD per million reasoning tokens"},
    Unit{"audio-in", "audio_in", "USD per million audio tokens heard"},
    Unit{"audio-out", "audio_out", "USD per million audio tokens spoken"},
    Unit{"image-in", "image_in", "USD per million image tokens seen"},
    Unit{"per-call", "per_call", "USD for each call"},
    Unit{"per-image", "per_image", "USD for each image made"},
    Unit{"per-second", "per_second", "USD for each second of sound heard"},
    Unit{"per-character", "per_character", "USD for each character read aloud"},
    Unit{"per-search", "per_search", "USD for each search of the web, or unit of a ranking"}};

const std::vector<Column>& columns() {
    static const std::vector<Column> list{{"model", "MODEL"},
                                          {"channel", "CHANNEL"},
                                          {"variant", "VARIANT"},
                                          {"input", "INPUT", true},
                                          {"output", "OUTPUT", true},
                                          {"cache_read", "CACHE READ", true},
                                          {"reasoning", "REASONING", true},
                                          {"per_call", "PER CALL", true},
                                          {"version", "VERSION", true},
                                          {"effective_from", "FROM"}};
    return list;
}

std::string path_of(const Invocation& run) {
    return "/prices/" + encoded(run.argument(0));
}

/// Which of a model's prices is meant.
std::string place_of(const Invocation& run, const std::string& model) {
    Query query;
    query.add("channel", run.values.text("channel"));
    query.add("variant", run.values.text("variant"));
    return "/prices/" + encoded(model) + query.text();
}
std::string place_of(const Invocation& run) {
    return place_of(run, run.argument(0));
}

Result<void> list(Invocation& run) {
    Query query;
    add_list_flags(run.values, query);
    return show_list(run, "/prices" + query.text(), "obliv.price.list/1", columns());
}

Result<void> get(Invocation& run) {
    auto price = call(run, "GET", place_of(run));
    return price ? run.output.object("obliv.price.get/1", *price) : Result<void>(price.error());
}

Result<void> history(Invocation& run) {
    Query query;
    add_list_flags(run.values, query);
    return show_list(run, path_of(run) + "/history" + query.text(), "obliv.price.history/1",
                     columns());
}

Result<void> add_terms(Invocation& run, Json& body) {
    for (const char* name : {"channel", "variant", "batch"})
        if (auto text = run.values.text(name))
            body[name] = *text;
    for (const auto& text : run.values.all("tier")) {
        auto tiers = read_tiers(text);
        if (!tiers)
            return std::move(tiers.error()).in("--tier");
        for (auto& tier : *tiers)
            body["tiers"].push_back(std::move(tier));
    }
    return ok();
}

Result<void> set(Invocation& run) {
    Json body = Json::object();
    if (auto added = add_terms(run, body); !added)
        return added;
    for (const auto& unit : units)
        if (auto price = run.values.text(unit.flag)) {
            if (price->starts_with('-'))
                return fail(Code::usage,
                            std::string("--") + unit.flag + ": a price is not negative");
            body[unit.field] = *price;
        }
    if (auto from = run.values.text("from")) {
        auto time = time_ahead("from", *from);
        if (!time)
            return time.error();
        body["effective_from"] = *time;
    }
    bool by_unit = body.contains("per_call") || body.contains("per_image") ||
                   body.contains("per_second") || body.contains("per_character") ||
                   body.contains("per_search");
    for (const char* needed : {"input", "output"}) {
        if (by_unit && !body.contains(needed))
            body[needed] = "0";  // what is sold by the image has no price for tokens
        if (!body.contains(needed))
            return fail(Code::usage, std::string("--") + needed + " is missing");
    }
    auto price = change(run, "PUT", path_of(run), body, "set the price of " + run.argument(0));
    if (!price)
        return price.error();
    return price->is_null() ? ok() : run.output.object("obliv.price.set/1", *price);
}

Result<void> remove(Invocation& run) {
    auto place = [&](const std::string& model) { return place_of(run, model); };
    return change_each(run,
                       {"obliv.price.remove/1", "price", "Remove", "removed", "DELETE", place});
}

/// Every price in force, page by page.
Result<Json> all_prices(Invocation& run) {
    Json rows = Json::array();
    std::string cursor;
    do {
        Query query;
        query.add("limit", std::string("1000"));
        if (!cursor.empty())
            query.add("cursor", cursor);
        auto page = call(run, "GET", "/prices" + query.text());
        if (!page)
            return page.error();
        if (!page->is_object() || !page->contains("data") || !(*page)["data"].is_array())
            return fail(Code::upstream_failed, "the answer is no list: is this server an oblivd?");
        for (auto& row : (*page)["data"])
            rows.push_back(std::move(row));
        const auto& next = (*page)["next_cursor"];
        cursor = next.is_string() ? next.get<std::string>() : std::string();
    } while (!cursor.empty());
    return rows;
}

Result<void> export_all(Invocation& run) {
    auto prices = all_prices(run);
    if (!prices)
        return prices.error();
    const auto& options = run.output.options();
    if (options.layout == Layout::csv || options.file.ends_with(".csv"))
        return run.output.piece(prices_csv(*prices));
    Json document{{"schema", "obliv.price.export/1"}, {"prices", exported_prices(*prices)}};
    return run.output.piece(document.dump(2) + "\n");
}

/// What a change comes to, for people: the fields that differ.
std::string difference(const Json& change) {
    const auto& before = change["before"];
    std::string text;
    for (const auto& [name, value] : change["after"].items()) {
        bool of_version = name == "version" || name == "effective_from" || name == "removed";
        bool placed = name == "model" || name == "channel" || name == "variant";
        if (of_version || placed)
            continue;
        auto shown = [&](const Json& one) {
            if (one.is_array())
                return one.empty() ? std::string("-") : tiers_text(one);
            return cell_text(one);
        };
        bool told = before.is_null()
                        ? !exported_prices(Json::array({Json{{name, value}}}))[0].empty()
                        : before[name] != value;
        if (told)
            text += (text.empty() ? "" : ", ") + name + " " +
                    (before.is_null() ? "" : shown(before[name]) + " -> ") + shown(value);
    }
    return text;
}

Result<Json> prices_to_import(Invocation& run) {
    bool shipped = run.values.has("default");
    if (shipped == !run.values.arguments.empty())
        return fail(Code::usage, "expected a FILE, or --default for the list that came with obliv");
    auto path = shipped ? default_prices_path() : run.argument(0);
    auto text = read_text_file(run, path);
    if (!text)
        return text.error();
    bool csv =
        run.values.text("from-format").value_or(path.ends_with(".csv") ? "csv" : "json") == "csv";
    auto prices = read_prices(*text, csv);
    if (!prices)
        return std::move(prices.error()).in(visible(path));
    return prices;
}

Result<void> import_all(Invocation& run) {
    auto prices = prices_to_import(run);
    if (!prices)
        return prices.error();
    Json body{{"prices", std::move(*prices)}, {"dry_run", run.dry_run()}};
    auto done = call(run, "POST", "/prices/import", body);
    if (!done)
        return done.error();
    if (run.output.options().form != Form::human)
        return run.output.object("obliv.price.import/1", *done);
    Json rows = Json::array();
    for (auto& change : (*done)["changes"]) {
        change["difference"] = difference(change);
        rows.push_back(std::move(change));
    }
    auto shown = run.output.list("obliv.price.import/1", rows, nullptr,
                                 {{"action", "ACTION"},
                                  {"model", "MODEL"},
                                  {"channel", "CHANNEL"},
                                  {"variant", "VARIANT"},
                                  {"difference", "PRICE"}});
    if (!shown)
        return shown;
    auto count = [&](const char* name) { return std::to_string((*done).value(name, 0)); };
    run.output.note(count("added") + " added, " + count("changed") + " changed, " +
                    count("unchanged") + " as they were" +
                    (run.dry_run() ? "; nothing was changed" : ""));
    return ok();
}

std::vector<Flag> place_flags() {
    return {{.name = "channel",
             .value = "CHANNEL",
             .help = "The price of calls that this channel serves"},
            {.name = "variant",
             .value = "VARIANT",
             .help = "The price of images of this size, quality or both: 1024x1792/hd"}};
}

std::vector<Flag> term_flags() {
    return {
        {.name = "tier",
         .value = "TIER",
         .help = "What a call with more input costs: 200000:input=6,output=22.5; again for more",
         .repeats = true},
        {.name = "batch",
         .value = "PART",
         .help = "What of the price is charged in a batch, such as 0.5",
         .kind = Kind::money},
        {.name = "from",
         .value = "WHEN",
         .help = "In force from then on: a duration from now (30d) or a time (now if not given)"}};
}

std::vector<Flag> unit_flags() {
    std::vector<Flag> flags;
    flags.reserve(std::size(units));
    for (const auto& unit : units)
        flags.push_back(
            {.name = unit.flag, .value = "USD", .help = unit.help, .kind = Kind::money});
    return flags;
}

const Argument which{.name = "MODEL", .help = "The model as callers name it"};

std::vector<Command> looking_verbs() {
    return {
        {.name = "list",
         .summary = "List the prices in force",
         .flags = list_flags(),
         .examples = {{"obliv price list", "As a table"},
                      {"obliv price list --format csv -o prices.csv", "For a spreadsheet"}},
         .errors = remote_errors(),
         .run = list},
        {.name = "get",
         .summary = "Show the price of a model",
         .arguments = {which},
         .flags = place_flags(),
         .examples = {{"obliv price get gpt-4o", "In force now"},
                      {"obliv price get gpt-4o --jq .output", "One figure"}},
         .errors = remote_errors({Code::not_found}),
         .run = get},
    };
}

Command set_verb() {
    return {.name = "set",
            .summary = "Set the price of a model, from now on or from a time to come",
            .arguments = {which},
            .flags = joined(joined(unit_flags(), place_flags()), term_flags()),
            .examples = {{"obliv price set gpt-4o --input 2.50 --output 10.00", "Text only"},
                         {"obliv price set gpt-4o --input 2.50 --output 10 --cache-read 1.25",
                          "Cached input costs less"},
                         {"obliv price set dall-e-3 --per-image 0.04", "Sold by the image"},
                         {"obliv price set dall-e-3 --variant 1024x1792/hd --per-image 0.12",
                          "Large and fine ones cost more"},
                         {"obliv price set gpt-4o --input 2.50 --output 10 --batch 0.5",
                          "A batch costs half"},
                         {"obliv price set m1 --input 1.25 --output 10 --tier "
                          "200000:input=2.5,output=15",
                          "Calls with a long input cost more"},
                         {"obliv price set gpt-4o --channel azure --input 2.75 --output 11",
                          "One channel costs more"},
                         {"obliv price set gpt-4o --input 2 --output 8 --from 2027-01-31T00:00:00Z",
                          "A change that is announced"}},
            .errors = remote_errors(),
            .run = set};
}

Command history_verb() {
    return {.name = "history",
            .summary = "List every version of a model's price, newest first",
            .arguments = {which},
            .flags = list_flags(),
            .examples = {{"obliv price history gpt-4o", "As a table"},
                         {"obliv price history gpt-4o --json", "As JSON"}},
            .errors = remote_errors({Code::not_found}),
            .run = history};
}

Command remove_verb() {
    return {.name = "remove",
            .summary = "Remove the prices of models, and those set for later",
            .arguments = {{.name = "MODEL", .help = "Exact names", .count = Argument::Count::some}},
            .flags = place_flags(),
            .examples = {{"obliv price remove gpt-4o", "Asks first"},
                         {"obliv price rm gpt-4o gpt-4 -y", "Two, without a question"}},
            .errors = remote_errors({Code::not_found, Code::partial}),
            .run = remove};
}

std::vector<Command> file_verbs() {
    return {
        {.name = "export",
         .summary = "Write every price in force, as JSON or CSV",
         .details = "What is written can be imported, here or elsewhere: nothing is lost. CSV is "
                    "written with --format csv, and into a file whose name ends with .csv.",
         .examples = {{"obliv price export -o prices.csv", "For a spreadsheet"},
                      {"obliv price export > prices.json", "To keep"}},
         .errors = remote_errors(),
         .run = export_all},
        {.name = "import",
         .summary = "Set many prices at once, from JSON or CSV",
         .details =
             "All of them or none. A price that is as it was makes no new version, and models "
             "that the file does not name keep theirs. The list that comes with obliv has the "
             "date of its prices and the pages they are from: look at it with --dry-run first.",
         .arguments = {{.name = "FILE",
                        .help = "A file, or - for stdin; CSV if its name ends with .csv",
                        .count = Argument::Count::optional,
                        .kind = Kind::file}},
         .flags = {{.name = "default",
                    .value = "",
                    .help = "The list of prices that comes with obliv"},
                   {.name = "from-format",
                    .value = "FORM",
                    .help = "How the file is written (by its name if not given)",
                    .choices = {"json", "csv"}}},
         .examples = {{"obliv price import prices.csv --dry-run", "See what would change"},
                      {"obliv price import --default", "The list prices of the main models"}},
         .errors = remote_errors({Code::not_found}),
         .run = import_all},
    };
}

}  // namespace

Command price_command() {
    Command command{.name = "price", .summary = "Manage what models cost"};
    command.details = "A price is in USD per million tokens, or for each image, second, character "
                      "or call. A change makes a new version; calls "
                      "that have been charged keep theirs. A model has one price for every call, "
                      "and may have others for calls that one channel serves, or for images of one "
                      "size or quality; a call is charged at the one that is meant for it most "
                      "closely.";
    auto& verbs = command.verbs;
    append(verbs, looking_verbs());
    append(verbs, {set_verb(), history_verb(), remove_verb()});
    append(verbs, file_verbs());
    return command;
}

}  // namespace obliv::cli
