#include "cli/output/output.hpp"

#include "cli/output/filter.hpp"
#include "cli/output/pager.hpp"
#include "cli/output/table.hpp"
#include "cli/output/width.hpp"
#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace obliv::cli {
namespace {

std::string dump(const Json& value, int indent) {
    return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

/// `name  value` lines, names padded to the same width.
std::string lines_of(const Json& value, const std::vector<Column>& columns) {
    std::vector<std::pair<std::string, std::string>> lines;
    if (columns.empty()) {
        for (const auto& [key, item] : value.items())
            if (key != "schema")
                lines.emplace_back(key, cell_text(item));
    } else {
        for (const auto& column : columns)
            lines.emplace_back(column.title.empty() ? column.path : column.title,
                               cell_text(value_at(value, column.path)));
    }
    std::size_t widest = 0;
    for (const auto& [name, text] : lines)
        widest = std::max(widest, text_width(name));
    std::string out;
    for (const auto& [name, text] : lines)
        out.append(name).append(widest - text_width(name) + 2, ' ').append(text).append("\n");
    return out;
}

/// `token` of `obliv.token.list/1`: the type of a row in NDJSON.
std::string noun_of(std::string_view schema) {
    auto parts = split(schema.substr(0, schema.find('/')), '.');
    return std::string(parts.size() > 1 ? parts[1] : parts[0]);
}

}  // namespace

Output::Output(OutputOptions options, const Environment& environment)
    : options_(std::move(options)), out_style_(style_of(options_.out, options_.color, environment)),
      err_style_(style_of(options_.err, options_.color, environment)) {
    if (!options_.file.empty() && options_.file != "-") {
        out_style_.is_terminal = false;
        out_style_.color = options_.color == Color::always;
    }
}

Result<Sink*> Output::sink() {
    if (sink_)
        return &*sink_;
    if (options_.file.empty() || options_.file == "-") {
        sink_.emplace(options_.out);
        return &*sink_;
    }
    auto file = Sink::to_file(options_.file, options_.replace_file);
    if (!file)
        return file.error();
    sink_.emplace(std::move(*file));
    return &*sink_;
}

Result<void> Output::prepare() {
    if (!options_.jq.empty())
        if (auto good = check_jq(options_.jq); !good)
            return good;
    auto target = sink();
    return target ? ok() : Result<void>(target.error());
}

Result<void> Output::write(std::string_view text) {
    auto target = sink();
    if (!target)
        return target.error();
    wrote_ = true;
    return (*target)->write(text);
}

Result<void> Output::write_json(const Json& document) {
    auto shown = document;
    if (!options_.fields.empty()) {
        auto kept = keep_fields(document, options_.fields);
        if (!kept)
            return kept.error();
        shown = std::move(*kept);
    }
    if (!options_.jq.empty()) {
        auto lines = jq_filter(options_.jq, dump(shown, -1));
        if (!lines)
            return lines.error();
        return write(out_style_.is_terminal ? visible(*lines) : *lines);
    }
    return write(dump(shown, 2) + "\n");
}

bool Output::human_tables() const noexcept {
    return options_.layout == Layout::table ||
           (options_.layout == Layout::automatic && out_style_.is_terminal);
}

Result<void> Output::list(std::string_view schema, const Json& rows, const Json& next_cursor,
                          const std::vector<Column>& columns) {
    if (options_.form == Form::ndjson) {
        for (const auto& row : rows) {
            Json line{{"type", noun_of(schema)}};
            line.update(row);
            if (auto written = event(line); !written)
                return written;
        }
        return event(Json{{"type", "end"}, {"next_cursor", next_cursor}});
    }
    if (options_.form == Form::json)
        return write_json(Json{{"schema", schema}, {"data", rows}, {"next_cursor", next_cursor}});
    auto cells = cells_of(rows, columns);
    Result<void> written = ok();
    if (options_.layout == Layout::csv)
        written = write(csv_text(columns, cells));
    else if (human_tables())
        written = document(table_text(columns, cells, static_cast<std::size_t>(out_style_.columns),
                                      out_style_.color));
    else
        written = write(plain_text(columns, cells));
    if (written && !next_cursor.is_null())
        note("there is more: go on with --cursor " + cell_text(next_cursor));
    return written;
}

Result<void> Output::object(std::string_view schema, const Json& value,
                            const std::vector<Column>& columns) {
    Json full{{"schema", schema}};
    full.update(value);
    if (options_.form == Form::json)
        return write_json(full);
    if (options_.form == Form::ndjson) {
        Json line{{"type", noun_of(schema)}};
        line.update(value);
        if (auto written = event(line); !written)
            return written;
        return event(Json{{"type", "end"}});
    }
    if (options_.layout == Layout::csv) {
        auto named = columns;
        if (named.empty())
            for (const auto& [key, item] : value.items())
                named.push_back({key, key});
        return write(csv_text(named, cells_of(Json::array({value}), named)));
    }
    auto text = lines_of(value, columns);
    return write(out_style_.is_terminal ? visible(text) : text);
}

Result<void> Output::foreign(const Json& value) {
    if (options_.form == Form::json)
        return write_json(value);
    auto text = dump(value, options_.form == Form::ndjson ? -1 : 2) + "\n";
    return write(out_style_.is_terminal ? visible(text) : text);
}

Result<void> Output::document(std::string_view text) {
    auto lines = std::count(text.begin(), text.end(), '\n');
    bool fits = lines < out_style_.rows;
    if (out_style_.is_terminal && !fits && !options_.pager.empty() &&
        show_in_pager(options_.pager, text))
        return ok();
    return write(text);
}

Result<void> Output::piece(std::string_view text) {
    return write(text);
}

Result<void> Output::event(const Json& event) {
    return write(dump(event, -1) + "\n");
}

Result<void> Output::finish() {
    return sink_ && wrote_ ? sink_->commit() : ok();
}

void Output::line_to_err(std::string_view line) {
    // Where there is nobody to read it, it is lost: that must not change what the command does.
    (void)write_all(options_.err, visible(line) + "\n");
}

void Output::note(std::string_view line) {
    if (options_.verbosity >= 0)
        line_to_err(line);
}

void Output::warn(std::string_view line) {
    if (options_.verbosity >= 0)
        line_to_err("warning: " + std::string(line));
}

void Output::suggest(std::string_view line) {
    if (options_.verbosity >= 0 && err_style_.is_terminal)
        line_to_err(line);
}

void Output::detail(std::string_view line) {
    if (options_.verbosity >= 1)
        line_to_err(line);
}

void Output::trace(std::string_view line) {
    if (options_.verbosity >= 2)
        line_to_err(line);
}

void Output::error(const Error& error, const ReplyFacts& facts) {
    if (options_.form == Form::human) {
        (void)write_all(options_.err, error_text(error, facts));
        return;
    }
    auto body = error_json(error, facts);
    if (options_.form == Form::ndjson) {
        Json line{{"type", "error"}};
        line.update(body);
        (void)event(line);
    }
    (void)write_all(options_.err, dump(body, -1) + "\n");
}

}  // namespace obliv::cli
