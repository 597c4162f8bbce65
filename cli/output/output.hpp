#pragma once

#include "cli/output/cells.hpp"
#include "cli/output/report.hpp"
#include "cli/output/sink.hpp"
#include "cli/output/terminal.hpp"
#include "core/base/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::cli {

enum class Form { human, json, ndjson };
enum class Layout { automatic, table, plain, csv };

struct OutputOptions {
    Form form = Form::human;
    Layout layout = Layout::automatic;
    std::vector<std::string> fields{};
    std::string jq{};
    std::string file{};  ///< empty or `-`: stdout
    bool replace_file = false;
    std::string pager{};  ///< empty: none
    int verbosity = 0;    ///< -1 quiet, 0, 1 (-v), 2 (-vv)
    Color color = Color::automatic;
    int out = 1;
    int err = 2;
};

/// The two streams of a command, kept apart: the result on stdout (or in a file), all else on
/// stderr. Everything that came from outside passes visible() before a terminal sees it.
class Output {
public:
    Output(OutputOptions options, const Environment& environment);

    /// Makes ready what the result needs, so that nothing is done whose result could not be given:
    /// the filter has to compile, the file to be one that may be written.
    Result<void> prepare();
    /// A list: `rows` is an array of objects. `schema` is `obliv.<noun>.<verb>/<n>`.
    Result<void> list(std::string_view schema, const Json& rows, const Json& next_cursor,
                      const std::vector<Column>& columns);
    /// One object, for people as `name value` lines in the order of `columns` (all keys if none).
    Result<void> object(std::string_view schema, const Json& value,
                        const std::vector<Column>& columns = {});
    /// Somebody else's JSON, as it is: filtered and laid out, no schema of ours.
    Result<void> foreign(const Json& value);
    /// Text that is the result itself (a script, a manual page, a help): goes through the pager on
    /// a terminal that it does not fit.
    Result<void> document(std::string_view text);
    /// A piece of a result that comes in pieces; written at once.
    Result<void> piece(std::string_view text);
    /// One line of NDJSON; `event` has `type` as its first key.
    Result<void> event(const Json& event);
    /// Ends the result: gives an `-o` file its name. The last call on success.
    Result<void> finish();

    void note(std::string_view line);     ///< what was done; silent under -q
    void warn(std::string_view line);     ///< `warning: …`; silent under -q
    void suggest(std::string_view line);  ///< the next command; only on a terminal
    void detail(std::string_view line);   ///< only at -v
    void trace(std::string_view line);    ///< only at -vv
    /// The error in the form that was asked for. With --ndjson it is also the last event.
    void error(const Error& error, const ReplyFacts& facts);

    const OutputOptions& options() const noexcept { return options_; }
    const StreamStyle& out_style() const noexcept { return out_style_; }
    const StreamStyle& err_style() const noexcept { return err_style_; }

private:
    Result<Sink*> sink();
    Result<void> write(std::string_view text);
    Result<void> write_json(const Json& document);
    bool human_tables() const noexcept;
    void line_to_err(std::string_view line);

    OutputOptions options_;
    StreamStyle out_style_;
    StreamStyle err_style_;
    std::optional<Sink> sink_;
    bool wrote_ = false;
};

}  // namespace obliv::cli
