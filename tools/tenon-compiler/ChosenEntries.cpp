#include "tools/tenon-compiler/ChosenEntries.h"

#include "compiler/cache/Collect.h"

#include <algorithm>

namespace tenon::cli {
namespace {

// An engine is of no use without the weights that it was made with.
void addWeights(const cache::Store &store, std::vector<cache::Key> &chosen) {
  for (size_t i = 0; i < chosen.size(); ++i) {
    const auto manifest = store.readManifest(chosen[i]);
    if (const auto weights = manifest.isOk() ? cache::weightsOf(*manifest) : std::nullopt)
      chosen.push_back(*weights);
  }
}

} // namespace

Result<std::vector<cache::Key>> chooseEntries(const cache::Store &store, const std::vector<std::string> &beginnings) {
  std::vector<cache::Key> chosen;
  std::vector<bool> used(beginnings.size());
  for (const cache::Listed &entry : cache::listEntries(store)) {
    bool wanted = beginnings.empty();
    for (size_t i = 0; i < beginnings.size(); ++i)
      if (!beginnings[i].empty() && entry.key.hex.starts_with(beginnings[i]))
        wanted = used[i] = true;
    if (entry.whole && wanted)
      chosen.push_back(entry.key);
  }
  for (size_t i = 0; i < beginnings.size(); ++i)
    if (!used[i])
      return Status(Code::Usage, "no key begins with '" + beginnings[i] + "'");
  addWeights(store, chosen);
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  return chosen;
}

} // namespace tenon::cli
