#include "tools/tenon-compiler/CacheFlags.h"

#include "runtime/base/Cores.h"
#include "tools/cli/Quantity.h"

namespace tenon::cli {

void CacheFlags::declareFolder(CLI::App &app) {
  app.add_option("--cache", folder_, "Folder of the artifact cache, or off")
      ->default_str("$TENON_CACHE_DIR, $XDG_CACHE_HOME/tenon or ~/.cache/tenon")
      ->type_name("DIR");
}

void CacheFlags::declareSize(CLI::App &app) {
  app.add_option("--cache-size", size_, "What the cache may hold; beyond it goes what was not used for longest")
      ->default_str("20GiB")
      ->type_name("BYTES");
}

Result<uint64_t> CacheFlags::sizeBound() const {
  auto bound = parseQuantity(size_);
  if (!bound.isOk())
    return std::move(bound).status().within("--cache-size");
  return bound;
}

Result<cache::Store> CacheFlags::open(Terminal &terminal, bool readOnly) const {
  cache::StoreOptions options;
  options.folder = folder();
  if (options.folder.empty())
    return Status(Code::Usage, "there is no cache: it is off, or neither TENON_CACHE_DIR nor HOME is set; give "
                               "--cache DIR");
  TENON_ASSIGN(options.sizeBound, sizeBound());
  options.readOnly = readOnly;
  options.threads = coreCount();
  options.warn = [&terminal](const std::string &text) { terminal.warn(text); };
  return cache::Store::open(std::move(options));
}

} // namespace tenon::cli
