#pragma once

#include "core/base/bound.hpp"
#include "core/base/result.hpp"
#include "core/loop/task.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace obliv::upstream {

class Cancel;
class Guard;
class Pool;

/// What may be fetched for a caller.
struct DownloadRules {
    std::shared_ptr<const Guard> guard;  ///< never null
    std::size_t bytes_max = 20U << 20;
    std::chrono::milliseconds time_max{10'000};  ///< redirects included
    int redirects_max = 3;
    /// Where the memory for what is fetched, and for what is made of it, is taken; null: it is not
    /// counted. Without it the failure is `overloaded`.
    Bound* memory = nullptr;
};

struct Download {
    std::string bytes;
    Share share{};           ///< of DownloadRules::memory
    std::string media_type;  ///< `image/png`, in lower case, without parameters; empty: not told
};

/// Fetches an http or https URL that a caller wrote. Each name is looked up once and only addresses
/// that the guard permits are connected to; redirects go the same way. No proxy, no credential and
/// no cookie takes part. Failures are invalid_request and speak of the URL's host, never of what
/// was found there, but for `cancelled` and `overloaded`.
loop::Task<Result<Download>> download(Pool& pool, std::string url, DownloadRules rules,
                                      Cancel* cancel);

}  // namespace obliv::upstream
