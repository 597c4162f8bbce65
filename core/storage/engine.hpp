#pragma once

#include "core/storage/store.hpp"

#include <memory>

namespace obliv::storage {

/// A read-only connection.
class ReadEngine {
public:
    virtual ~ReadEngine() = default;
    virtual Session& session() = 0;
    virtual Result<void> begin() = 0;  ///< everything until end() sees one state of the store
    virtual void end() noexcept = 0;
};

/// What a kind of store has to provide. Opened and migrated; safe from any thread.
class Engine {
public:
    virtual ~Engine() = default;
    virtual Result<std::unique_ptr<WriteEngine>> writer() = 0;  ///< asked once
    virtual Result<std::unique_ptr<ReadEngine>> reader() = 0;
};

}  // namespace obliv::storage
