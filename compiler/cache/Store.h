// The artifact cache's folder: finding entries and adding them. What may go wrong here never stops a compilation.
//
//   FOLDER/v1/code/6f/6f0c....object          a part of an entry, read-only, never changed once it is there
//   FOLDER/v1/code/6f/6f0c....manifest        comes last: an entry without it is none (Manifest.h)
//   FOLDER/v1/code/6f/6f0c....lock            only while somebody works on the key (KeyLock.h)
//   FOLDER/v1/sources/a1/a1b2....source       digests of model files (Sources.h)
//   FOLDER/v1/quarantine/                     entries that were found damaged
//
// An entry is used when its manifest is whole and has the very fields that are asked for, and every part has the size
// and digest that the manifest states. Small parts are hashed at each use; large ones when their stamp (inode, times)
// is not the recorded one. A manifest's modification time is when the entry was last used.
// Threads: one at a time. Processes: any number; entries appear by rename, so a reader needs no lock.
#pragma once

#include "compiler/cache/KeyLock.h"
#include "compiler/cache/Manifest.h"
#include "runtime/io/MappedFile.h"
#include "runtime/io/OutputFile.h"

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <vector>

namespace tenon::cache {

inline constexpr uint64_t kDefaultSizeBound = 20ull << 30;

struct StoreOptions {
  std::string folder;
  uint64_t sizeBound = kDefaultSizeBound; // of all entries together, in bytes on disk
  bool readOnly = false;
  unsigned threads = 1; // for digests
  std::chrono::milliseconds lockDeadline = std::chrono::seconds(120);
  std::function<void(const std::string &)> warn; // one line for people; may be empty
};

struct Entry {
  Manifest manifest;
  std::vector<io::MappedFile> files; // of manifest.parts, in the same order

  const io::MappedFile *find(std::string_view part) const;
};

// A part to be stored: either bytes in memory, or a file from Store::createPart that has been written.
struct NewPart {
  std::string name;
  std::span<const uint8_t> bytes = {};
  std::optional<io::OutputFile> file = std::nullopt;
  uint64_t size = 0, prefix = 0;         // with `file` only
  Digest prefixDigest = {}, digest = {}; // with `file` only
};

class Store {
public:
  // Makes the folder where it is missing. Errors: Resource or Usage with the reason why it cannot serve: it belongs to
  // another user, everybody may write to it, or it cannot be made or read.
  static Result<Store> open(StoreOptions options);

  const StoreOptions &options() const { return options_; }
  const std::string &root() const { return root_; } // FOLDER/v1
  bool isReadOnly() const { return options_.readOnly; }
  std::string entryPath(const Key &key, std::string_view suffix) const; // suffix without its dot

  // The whole entry, marked as used just now. Nothing where there is none; one that is damaged is put into quarantine
  // and warned of. `fields` are what the key was made of.
  std::optional<Entry> find(const Key &key, const Fields &fields);
  // The same for a key that another entry names: its fields are only checked against the key.
  std::optional<Entry> find(const Key &key) { return findEntry(key, nullptr); }

  // The manifest alone. InvalidFile where there is none or it is damaged.
  Result<Manifest> readManifest(const Key &key) const;

  // Hashes every part, whatever its stamp says. False where something is wrong; the entry is in quarantine then, unless
  // the cache is read-only or somebody is at work on it.
  bool verify(const Key &key);

  // Waits until nobody else works on `key`, as long as StoreOptions allows. Nothing where the wait was in vain, the
  // cache is read-only or the lock cannot be made (which is warned of): then work without the cache.
  std::optional<KeyLock> lock(const Key &key);

  // Whether an entry of so many bytes fits within the bound, beside those that this object has found or made: these
  // stay for as long as it lives, so that what a compilation is made of is kept together.
  bool accepts(uint64_t bytes) const;
  // For people, where it does not: "it needs 4096 bytes beside 8192 that are in use, --cache-size allows 10000".
  std::string refusal(uint64_t bytes) const;
  const std::set<Key> &inUse() const { return inUse_; }

  // A temporary in the cache's folder for a part that is too large for memory. Hold the key's lock. `bytes` are
  // reserved, 0 for none. Errors: Resource.
  Result<io::OutputFile> createPart(const Key &key, const std::string &name, uint64_t bytes);

  // Makes the parts durable under their names, then the manifest; afterwards drops the entries that were not used for
  // longest, as far as the bound asks for it, but none that is in use. Returns the entry as find() would. Hold the
  // key's lock. Errors: Resource; Constraint where it does not fit beside those in use. The cache then has no such
  // entry.
  Result<Entry> publish(const KeyLock &lock, const Key &key, Fields fields, Fields notes, std::span<NewPart> parts);

  // Moves the entry out of the way; false where somebody is at work on it. `reason` is for people.
  bool quarantine(const Key &key, const std::string &reason, bool hashAll = false);
  // Removes it; false where somebody is at work on it.
  bool remove(const Key &key);

  // Call after making a hard link to a part of `entry`: that changes the part's stamp, but not its content.
  void noteLink(Entry &entry);

  void warn(const std::string &text) const;

private:
  explicit Store(StoreOptions options) : options_(std::move(options)), root_(options_.folder + "/v1") {}
  std::optional<Entry> findEntry(const Key &key, const Fields *fields);
  enum class Trust { Stamps, Nothing };
  Result<Entry> load(const Key &key, const Fields *fields, Trust trust, bool &stale) const;
  Status checkPart(Part &part, const io::MappedFile &file, Trust trust, bool &stale) const;
  uint64_t bytesInUse() const;
  void unlinkEntry(const Key &key);
  void restamp(const Manifest &verified);
  Status writeManifest(const Manifest &manifest) const;

  StoreOptions options_;
  std::string root_;
  std::set<Key> inUse_;
};

} // namespace tenon::cache
