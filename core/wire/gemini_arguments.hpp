#pragma once

#include "core/base/result.hpp"
#include "core/wire/json.hpp"

#include <memory>
#include <string>

namespace obliv::wire {

/// The arguments of a call that come in pieces, each with the place where it belongs:
/// `{"jsonPath":"$.steps[0]","stringValue":"Boil","willContinue":true}`. Pieces for one place that
/// follow each other are one text.
class GeminiArguments {
public:
    GeminiArguments();
    ~GeminiArguments();
    GeminiArguments(GeminiArguments&&) noexcept;
    GeminiArguments& operator=(GeminiArguments&&) noexcept;

    /// Arguments that came as a whole, before or instead of pieces.
    void set(const Json& arguments);
    /// One of `partialArgs`. Error: a path that leads nowhere, or more than `bytes_max` in all.
    Result<void> add(const Json& piece, std::size_t bytes_max);
    /// The arguments as JSON; `{}` if there are none.
    std::string text() const;

private:
    std::unique_ptr<Json> value_;
    std::string open_path_;  ///< whose text goes on; empty: none
    std::size_t bytes_ = 0;
};

}  // namespace obliv::wire
