#pragma once

#include "cli/output/json.hpp"

#include <string>
#include <vector>

namespace obliv::cli {

/// What a frame is drawn on.
struct Screen {
    std::size_t columns = 80;
    std::size_t rows = 24;
    bool color = false;
};

/// One frame of `obliv usage top`: `live` is the answer of /usage/live, `calls` the rows of /usage,
/// the newest first; `trouble` is why they are not of now, if they are not. Lines of at most
/// `columns`, at most `rows` of them, which drive no terminal whatever the server sent.
std::vector<std::string> dashboard(const Json& live, const Json& calls, const std::string& trouble,
                                   const Screen& screen);

}  // namespace obliv::cli
