#include "core/config/files.hpp"
#include "core/storage/store.hpp"
#include "core/tokenizer/tokenizers.hpp"
#include "daemon/commands/settings.hpp"
#include "daemon/commands/verbs.hpp"
#include "daemon/ops/state_folder.hpp"

#include <filesystem>
#include <memory>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace obliv::daemon {
namespace {

constexpr std::int64_t certificates_bytes_max = 16 << 20;

/// Where the setting of this name was written, as the problems of files are told.
std::string place(const config::Loaded& loaded, const std::string& name) {
    auto found = loaded.origins.find(name);
    return (found == loaded.origins.end() ? "default" : found->second.place.text()) + ": " + name;
}

Error invalid(const std::string& where, const std::string& why) {
    return fail(Code::config_invalid, where + ": " + why);
}

/// Whether every certificate in a PEM text can be read, and there is one.
Result<void> read_certificates(const std::string& text) {
    std::unique_ptr<BIO, decltype(&BIO_free)> memory(
        BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free);
    int count = 0;
    while (true) {
        std::unique_ptr<X509, decltype(&X509_free)> one(
            PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr), X509_free);
        if (one == nullptr)
            break;
        ++count;
    }
    if (count == 0)
        return fail(Code::config_invalid, "holds no certificate in PEM form");
    return ok();
}

Result<void> check_ca_file(const config::Loaded& loaded) {
    const auto& path = loaded.config.upstream.ca_file;
    if (path.empty())
        return ok();
    auto text = config::read_file(path, certificates_bytes_max);
    if (!text)
        return invalid(place(loaded, "upstream.ca_file"), path + ": " + text.error().message);
    if (auto read = read_certificates(*text); !read)
        return invalid(place(loaded, "upstream.ca_file"), path + ": " + read.error().message);
    return ok();
}

Result<void> check_tokenizers(const config::Loaded& loaded) {
    using tokenizer::Tokenizers;
    auto opened = Tokenizers::open(Tokenizers::installed_folder());
    auto tokenizers = opened ? std::move(*opened) : Tokenizers();
    for (const auto& [model, source] : loaded.config.tokenizers.models)
        if (auto assigned = tokenizers.assign(model, source); !assigned)
            return invalid(place(loaded, "tokenizers.models"), assigned.error().message);
    return ok();
}

Result<void> check_master_key(const config::Loaded& loaded) {
    auto keys = ops::master_keys(loaded.config, false);
    if (keys || keys.error().code == Code::not_found)
        return ok();  // none yet: the first start makes it
    return invalid("master key", keys.error().message);
}

Result<void> check_database(const config::Loaded& loaded) {
    std::error_code error;
    if (!std::filesystem::exists(loaded.config.storage.path, error))
        return ok();  // the first start makes it
    storage::Options options;
    options.path = loaded.config.storage.path;
    auto state = storage::schema_state(options);
    if (!state)
        return invalid(options.path, state.error().message);
    return ok();
}

}  // namespace

Result<void> check_settings(const Invocation& invocation) {
    auto loaded = load_settings(invocation);
    if (!loaded)
        return loaded.error();
    std::string problems;
    for (const auto& done : {check_ca_file(*loaded), check_tokenizers(*loaded),
                             check_master_key(*loaded), check_database(*loaded)})
        if (!done)
            problems += (problems.empty() ? "" : "\n") + done.error().message;
    if (!problems.empty())
        return fail(Code::config_invalid, problems);
    std::string out = "the configuration is valid";
    for (const auto& file : loaded->files)
        out += "\n  " + file;
    return print_out(out + "\n");
}

Result<void> print_settings(const Invocation& invocation) {
    auto loaded = load_settings(invocation);
    if (!loaded)
        return loaded.error();
    return print_out(config::print(*loaded));
}

}  // namespace obliv::daemon
