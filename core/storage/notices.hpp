#pragma once

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/money.hpp"
#include "core/base/result.hpp"
#include "core/storage/page.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::storage {

/// What people were told of.
struct NoticeRow {
    std::int64_t id = 0;
    std::string key;  ///< the id that receivers see
    WallTime time{};
    std::string kind;
    std::string severity;
    std::string subject;  ///< the channel or account that it is about; empty: none
    std::string title;
    std::string text;
};

/// How far an account was down when people were last told.
struct BalanceMarkRow {
    AccountId account;
    Money full;
    int level = 100;
};

/// Reads work on every session, writes on the writer's session only.
class NoticeStore {
public:
    virtual ~NoticeStore() = default;
    /// Keeps the newest ten thousand or so.
    virtual Result<void> append(const NoticeRow& row) = 0;
    /// Of one kind, or all when it is empty.
    virtual Result<Page<NoticeRow>> page(std::string_view kind, const PageRequest& request) = 0;
    virtual Result<std::vector<BalanceMarkRow>> marks() = 0;
    virtual Result<void> set_mark(const BalanceMarkRow& mark) = 0;
};

}  // namespace obliv::storage
