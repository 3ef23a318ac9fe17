#include "compiler/driver/DryRun.h"

#include "compiler/cache/Store.h"
#include "compiler/driver/Checks.h"
#include "compiler/driver/CompileCache.h"
#include "compiler/driver/KeyedParts.h"
#include "compiler/emit/WeightsFile.h"
#include "runtime/base/Cores.h"

#include <filesystem>

namespace tenon {
namespace {

std::optional<cache::Store> openCache(const CompileOptions &options) {
  std::error_code error;
  if (options.cache.empty() || !std::filesystem::exists(options.cache + "/v1", error))
    return std::nullopt;
  cache::StoreOptions settings;
  settings.folder = options.cache;
  settings.readOnly = true;
  settings.threads = options.jobs ? options.jobs : coreCount();
  settings.warn = options.warn;
  auto store = cache::Store::open(std::move(settings));
  if (store.isOk())
    return *std::move(store);
  if (options.warn)
    options.warn("no cache: " + store.status().message());
  return std::nullopt;
}

} // namespace

Result<DryRun> dryRun(const CompileOptions &options) {
  std::optional<cache::Store> store = openCache(options);
  // What compileEngine would refuse for.
  const auto check = [&](const ModelDirectory &directory) -> Status {
    TENON_TRY(checkOutputs(options, directory.files));
    TENON_TRY(openRemote(options, 1).status());
    return checkTokenizer(directory);
  };
  TENON_ASSIGN(KeyedParts keyed, keyedParts(options, store ? &*store : nullptr, check));
  DryRun run;
  run.plan = std::move(keyed.plan);
  run.inputs = std::move(keyed.inputs);
  run.cache = options.cache;
  bool weightsAreThere = false;
  std::string weightsFile;
  for (const KeyedPart &part : keyed.parts) {
    const cache::Key key = cache::keyOf(part.kind, part.fields);
    const auto entry = store ? store->find(key, part.fields) : std::nullopt;
    if (part.kind == cache::Kind::Weights && entry) {
      weightsAreThere = true;
      if (const cache::Part *packed = entry->manifest.find("tnw"))
        weightsFile = emit::weightsFileName(packed->digest);
    }
    run.parts.push_back({part.part, key, entry.has_value()});
  }
  run.parts.front().hit &= weightsAreThere;
  if (options.output.empty())
    return run;
  run.outputs.push_back(options.output);
  if (options.externalWeights && weightsFile.empty())
    run.weightsFileUnknown = true;
  else if (options.externalWeights)
    run.outputs.push_back(options.output.substr(0, options.output.rfind('/') + 1) + weightsFile);
  if (!options.depfile.empty())
    run.outputs.push_back(options.depfile);
  return run;
}

} // namespace tenon
