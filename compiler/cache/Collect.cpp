#include "compiler/cache/Collect.h"

#include "compiler/cache/Sources.h"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon::cache {
namespace {

namespace fs = std::filesystem;

// Calls `visit` with the name of every regular file of a folder; a folder that is not there has none.
template <typename Visit> void eachFile(const std::string &folder, Visit &&visit) {
  std::error_code error;
  std::vector<std::string> names; // read first: visitors remove files
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    names.push_back(at->path().filename().string());
  for (const std::string &name : names)
    visit(name);
}

bool inspect(const std::string &path, struct stat &info) {
  return lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

uint64_t diskBytes(const struct stat &info) { return static_cast<uint64_t>(info.st_blocks) * 512; }

int64_t timeOf(const struct stat &info) {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  const int64_t seconds = std::clamp<int64_t>(info.st_mtim.tv_sec, 0, now.tv_sec);
  return seconds * 1000000000 + info.st_mtim.tv_nsec;
}

bool remove(const std::string &path, uint64_t &bytes) {
  struct stat info;
  if (!inspect(path, info) || unlink(path.c_str()) != 0)
    return false;
  // Blocks that another name or a clone still uses come back later; the file no longer counts here.
  bytes += diskBytes(info);
  return true;
}

std::string folderOf(const Store &store, Kind kind, unsigned prefix) {
  char text[3];
  std::snprintf(text, sizeof text, "%02x", prefix);
  return store.root() + "/" + std::string(kindName(kind)) + "/" + text;
}

uint64_t emptyQuarantine(const Store &store) {
  uint64_t bytes = 0;
  const std::string folder = store.root() + "/quarantine";
  eachFile(folder, [&](const std::string &name) { remove(folder + "/" + name, bytes); });
  return bytes;
}

Amount countQuarantine(const Store &store) {
  Amount amount;
  const std::string folder = store.root() + "/quarantine";
  eachFile(folder, [&](const std::string &name) {
    struct stat info;
    if (!inspect(folder + "/" + name, info))
      return;
    ++amount.count;
    amount.bytes += diskBytes(info);
  });
  return amount;
}

bool isTemporary(std::string_view suffix) { return suffix.find(".tmp-") != std::string_view::npos; }

// Where nobody is at work on the key: removes its temporaries and, where there is no manifest, its parts. A process
// that was killed while it waited leaves an empty lock file as well, which goes with the lock taken here.
uint64_t removeLeftovers(Store &store, const Listed &listed, uint64_t &bytes) {
  auto lock = KeyLock::acquire(store.entryPath(listed.key, "lock"), std::chrono::milliseconds(0));
  if (!lock.isOk() || !*lock)
    return 0;
  uint64_t count = 0;
  const std::vector<std::string> suffixes = entrySuffixes(store, listed.key);
  const bool whole = !suffixes.empty() && suffixes.front() == "manifest";
  for (const std::string &suffix : suffixes)
    if (!whole || isTemporary(suffix))
      count += remove(store.entryPath(listed.key, suffix), bytes);
  return count;
}

// Engines by the weights that they need.
class Engines {
public:
  Engines(Store &store, const std::vector<Listed> &entries) : store_(store) {
    for (const Listed &entry : entries) {
      if (entry.key.kind == Kind::Weights && entry.whole)
        weights_.insert(entry.key);
      if (entry.key.kind != Kind::Engine || !entry.whole)
        continue;
      const auto manifest = store.readManifest(entry.key);
      if (const auto needed = manifest.isOk() ? weightsOf(*manifest) : std::nullopt)
        needing_[*needed].push_back(entry);
    }
  }

  // Returns the bytes that went.
  uint64_t dropUseless() {
    uint64_t gone = 0;
    for (const auto &[key, engines] : needing_)
      if (!weights_.contains(key))
        for (const Listed &engine : engines)
          drop(engine, gone);
    return gone;
  }

  // Before weights go. False where one of their engines has to stay, and so they have.
  bool dropThoseOf(const Key &weights, uint64_t &gone) {
    const auto at = needing_.find(weights);
    if (at == needing_.end())
      return true;
    const std::vector<Listed> &engines = at->second;
    return std::none_of(engines.begin(), engines.end(), [&](const Listed &engine) { return isInUse(engine); }) &&
           std::all_of(engines.begin(), engines.end(), [&](const Listed &engine) { return drop(engine, gone); });
  }

  bool isDropped(const Key &engine) const { return dropped_.contains(engine); }

private:
  bool isInUse(const Listed &engine) const { return store_.inUse().contains(engine.key); }

  // False where it has to stay.
  bool drop(const Listed &engine, uint64_t &gone) {
    if (dropped_.contains(engine.key))
      return true;
    if (isInUse(engine) || !store_.remove(engine.key))
      return false;
    dropped_.insert(engine.key);
    gone += engine.bytes;
    return true;
  }

  Store &store_;
  std::set<Key> weights_, dropped_;
  std::map<Key, std::vector<Listed>> needing_;
};

} // namespace

std::vector<Listed> listEntries(const Store &store) {
  std::map<Key, Listed> found;
  for (const Kind kind : kKinds)
    for (unsigned prefix = 0; prefix < 256; ++prefix) {
      const std::string folder = folderOf(store, kind, prefix);
      eachFile(folder, [&](const std::string &name) {
        struct stat info;
        if (name.size() < 66 || name[64] != '.' || !isHexDigest(name.substr(0, 64)) ||
            !inspect(folder + "/" + name, info))
          return;
        Listed &entry = found[{kind, name.substr(0, 64)}];
        const std::string suffix = name.substr(65);
        entry.busy |= suffix == "lock";
        entry.bytes += diskBytes(info);
        if (suffix == "manifest" || (!entry.whole && suffix != "lock"))
          entry.used = suffix == "manifest" ? timeOf(info) : std::max(entry.used, timeOf(info));
        entry.whole |= suffix == "manifest";
      });
    }
  std::vector<Listed> entries;
  for (auto &[key, entry] : found) {
    entry.key = key;
    entries.push_back(entry);
  }
  return entries;
}

Amount Contents::all() const {
  Amount sum;
  for (const Amount &part : {entries[0], entries[1], entries[2], unfinished, quarantine}) {
    sum.count += part.count;
    sum.bytes += part.bytes;
  }
  return sum;
}

Contents countContents(const Store &store) {
  Contents contents;
  for (const Listed &entry : listEntries(store)) {
    Amount &amount = entry.whole ? contents.entries[static_cast<size_t>(entry.key.kind)] : contents.unfinished;
    ++amount.count;
    amount.bytes += entry.bytes;
  }
  contents.quarantine = countQuarantine(store);
  return contents;
}

std::vector<std::string> entrySuffixes(const Store &store, const Key &key) {
  std::vector<std::string> suffixes;
  const std::string path = store.entryPath(key, "");
  eachFile(path.substr(0, path.rfind('/')), [&](const std::string &name) {
    if (name.starts_with(key.hex + ".") && name != key.hex + ".lock")
      suffixes.push_back(name.substr(key.hex.size() + 1));
  });
  std::sort(suffixes.begin(), suffixes.end(), [](const std::string &a, const std::string &b) {
    return std::pair(a != "manifest", a) < std::pair(b != "manifest", b);
  });
  return suffixes;
}

uint64_t entryBytes(const Store &store, const Key &key) {
  uint64_t bytes = 0;
  struct stat info;
  for (const std::string &suffix : entrySuffixes(store, key))
    if (inspect(store.entryPath(key, suffix), info))
      bytes += diskBytes(info);
  return bytes;
}

uint64_t enforceBound(Store &store, uint64_t bound) {
  std::vector<Listed> entries = listEntries(store);
  uint64_t total = countQuarantine(store).bytes, gone = 0;
  for (const Listed &entry : entries)
    total += entry.bytes;
  if (total <= bound)
    return 0;
  gone += emptyQuarantine(store);
  Engines engines(store, entries);
  gone += engines.dropUseless();
  std::sort(entries.begin(), entries.end(),
            [](const Listed &a, const Listed &b) { return std::pair(a.used, a.key) < std::pair(b.used, b.key); });
  for (const Listed &entry : entries) {
    if (total - std::min(total, gone) <= bound)
      break;
    if (!engines.isDropped(entry.key) && !store.inUse().contains(entry.key) && engines.dropThoseOf(entry.key, gone) &&
        store.remove(entry.key))
      gone += entry.bytes;
  }
  return gone;
}

Collected collect(Store &store, uint64_t bound) {
  Collected result;
  if (store.isReadOnly())
    return result;
  result.bytes += emptyQuarantine(store);
  for (const Listed &entry : listEntries(store))
    result.leftovers += removeLeftovers(store, entry, result.bytes);
  result.sources = collectSources(store);
  const std::vector<Listed> entries = listEntries(store);
  const size_t before = entries.size();
  result.bytes += Engines(store, entries).dropUseless();
  result.bytes += enforceBound(store, bound);
  result.entries = before - listEntries(store).size();
  return result;
}

} // namespace tenon::cache
