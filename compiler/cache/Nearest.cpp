#include "compiler/cache/Nearest.h"

#include "compiler/cache/Collect.h"
#include "runtime/base/Printable.h"

#include <algorithm>

namespace tenon::cache {
namespace {

std::vector<Difference> compare(const Fields &asked, const Fields &there) {
  std::vector<Difference> differences;
  for (const auto &[name, value] : asked)
    if (const auto at = there.find(name); at == there.end())
      differences.push_back({name, value, std::nullopt});
    else if (at->second != value)
      differences.push_back({name, value, at->second});
  for (const auto &[name, value] : there)
    if (!asked.contains(name))
      differences.push_back({name, std::nullopt, value});
  return differences;
}

std::string shown(const std::optional<std::string> &value) {
  constexpr size_t kMost = 48;
  if (!value)
    return "nothing";
  if (value->size() <= kMost)
    return printable(*value);
  size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>((*value)[end]) & 0xC0) == 0x80) // within a character
    --end;
  return printable(std::string_view(*value).substr(0, end)) + "...";
}

// "weight" of "weight.layers.0.q".
std::string_view firstWord(std::string_view field) { return field.substr(0, field.find('.')); }

} // namespace

std::optional<Nearest> findNearest(const Store &store, Kind kind, const Fields &asked) {
  std::optional<Nearest> best;
  int64_t bestUsed = 0;
  for (const Listed &entry : listEntries(store)) {
    if (!entry.whole || entry.key.kind != kind)
      continue;
    auto manifest = store.readManifest(entry.key);
    if (!manifest.isOk())
      continue;
    std::vector<Difference> differences = compare(asked, manifest->fields);
    if (best && std::pair(differences.size(), -entry.used) >= std::pair(best->differences.size(), -bestUsed))
      continue;
    best = Nearest{entry.key, std::move(manifest->notes), std::move(differences)};
    bestUsed = entry.used;
  }
  if (best)
    std::sort(best->differences.begin(), best->differences.end(),
              [](const Difference &a, const Difference &b) { return a.field < b.field; });
  return best;
}

std::string differencesText(const std::vector<Difference> &differences, size_t most) {
  std::string text;
  for (size_t i = 0; i < std::min(most, differences.size()); ++i)
    text += (i ? "; " : "") + printable(differences[i].field) + " " + shown(differences[i].asked) + ", there " +
            shown(differences[i].there);
  if (differences.size() > most)
    text += "; and " + std::to_string(differences.size() - most) + " more";
  return text;
}

std::string differencesTable(const std::vector<Difference> &differences) {
  constexpr ptrdiff_t kAllOf = 8, kFew = 3;
  std::string text;
  for (auto at = differences.begin(); at != differences.end();) {
    const std::string_view word = firstWord(at->field);
    const auto end =
        std::find_if(at, differences.end(), [&](const Difference &d) { return firstWord(d.field) != word; });
    const auto shown = end - at > kAllOf ? at + kFew : end;
    for (; at != shown; ++at)
      text += "  " + printable(at->field) + "\n    asked  " + printable(at->asked.value_or("nothing")) +
              "\n    there  " + printable(at->there.value_or("nothing")) + "\n";
    if (at != end)
      text += "  and " + std::to_string(end - at) + " more of " + printable(word) + "\n";
    at = end;
  }
  return text;
}

} // namespace tenon::cache
