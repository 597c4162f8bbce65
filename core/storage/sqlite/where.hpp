#pragma once

#include "core/storage/sqlite/query.hpp"
#include "core/storage/usage.hpp"

#include <string>

namespace obliv::storage::sqlite {

/// The conditions of a filter on usage rows, with their values bound in the same order.
class Where {
public:
    explicit Where(const UsageFilter& filter);
    const std::string& text() const noexcept { return text_; }
    void bind(Query& query) const;

private:
    const UsageFilter& filter_;
    std::string text_;
};

}  // namespace obliv::storage::sqlite
