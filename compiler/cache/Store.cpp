#include "compiler/cache/Store.h"

#include "compiler/cache/Collect.h"
#include "compiler/cache/FileDigest.h"
#include "compiler/cache/Folder.h"
#include "runtime/base/Bytes.h"
#include "runtime/io/SmallFile.h"
#include "runtime/io/SystemError.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon::cache {
namespace {

namespace fs = std::filesystem;

// Below this a part's bytes are hashed at every use.
constexpr uint64_t kHashedAlways = 64ull << 20;

} // namespace

const io::MappedFile *Entry::find(std::string_view part) const {
  for (size_t i = 0; i < files.size(); ++i)
    if (manifest.parts[i].name == part)
      return &files[i];
  return nullptr;
}

Result<Store> Store::open(StoreOptions options) {
  Store store(std::move(options));
  std::error_code error;
  if (!store.options_.readOnly && !fs::is_directory(store.root_, error)) {
    TENON_TRY(makeFolder(store.options_.folder, 0700));
    TENON_TRY(makeFolder(store.root_));
  }
  TENON_TRY(checkFolder(store.options_.folder));
  TENON_TRY(checkFolder(store.root_));
  if (access(store.root_.c_str(), R_OK | X_OK) != 0)
    return io::systemError("read", store.root_, errno);
  if (!store.options_.readOnly && access(store.root_.c_str(), W_OK) != 0) {
    store.warn("cannot write to '" + store.root_ + "': " + io::errorText(errno) + "; it is only read");
    store.options_.readOnly = true;
  }
  if (!store.options_.readOnly)
    tagFolder(store.options_.folder);
  return store;
}

std::string Store::entryPath(const Key &key, std::string_view suffix) const {
  return root_ + "/" + std::string(kindName(key.kind)) + "/" + key.hex.substr(0, 2) + "/" + key.hex + "." +
         std::string(suffix);
}

void Store::warn(const std::string &text) const {
  if (options_.warn)
    options_.warn("cache: " + text);
}

std::optional<Entry> Store::find(const Key &key, const Fields &fields) { return findEntry(key, &fields); }

std::optional<Entry> Store::findEntry(const Key &key, const Fields *fields) {
  const std::string manifest = entryPath(key, "manifest");
  if (access(manifest.c_str(), F_OK) != 0)
    return std::nullopt;
  bool stale = false;
  auto entry = load(key, fields, Trust::Stamps, stale);
  if (!entry.isOk()) {
    // Another process may be removing it, or putting a good one in its place.
    if (access(manifest.c_str(), F_OK) == 0)
      quarantine(key, entry.status().message());
    return std::nullopt;
  }
  if (stale)
    restamp(entry->manifest);
  if (!options_.readOnly)
    (void)utimensat(AT_FDCWD, manifest.c_str(), nullptr, 0);
  inUse_.insert(key);
  return *std::move(entry);
}

Result<Manifest> Store::readManifest(const Key &key) const {
  const auto text = io::readSmallFile(entryPath(key, "manifest"), kMaxManifestBytes + 1);
  if (!text)
    return Status(Code::InvalidFile, "its manifest cannot be read");
  return parseManifest(*text);
}

bool Store::verify(const Key &key) {
  bool stale = false;
  auto entry = load(key, nullptr, Trust::Nothing, stale);
  if (entry.isOk() && stale)
    restamp(entry->manifest);
  if (!entry.isOk())
    quarantine(key, entry.status().message(), /*hashAll=*/true);
  return entry.isOk();
}

// The entry with all its checks; `stale` is set when a stamp is not the recorded one.
Result<Entry> Store::load(const Key &key, const Fields *fields, Trust trust, bool &stale) const {
  Entry entry;
  TENON_ASSIGN(entry.manifest, readManifest(key));
  if (entry.manifest.key != key || (fields && entry.manifest.fields != *fields))
    return Status(Code::InvalidFile, "its manifest is that of another entry");
  for (Part &part : entry.manifest.parts) {
    TENON_ASSIGN(io::MappedFile file, io::MappedFile::open(entryPath(key, part.name)));
    TENON_TRY(checkPart(part, file, trust, stale));
    entry.files.push_back(std::move(file));
  }
  return entry;
}

// Sets the part's stamp to that of the content that was checked.
Status Store::checkPart(Part &part, const io::MappedFile &file, Trust trust, bool &stale) const {
  Stamp stamp;
  uint64_t bytes = 0;
  if (!stampOf(file.descriptor(), stamp, bytes))
    return Status(Code::InvalidFile, part.name + " cannot be inspected");
  if (bytes != part.bytes || file.size() != part.bytes)
    return Status(Code::InvalidFile,
                  part.name + " has " + std::to_string(bytes) + " bytes, expected " + std::to_string(part.bytes));
  const bool moved = stamp != part.stamp;
  stale |= moved;
  part.stamp = stamp;
  if (part.prefix > 0 && digestOf(file.bytes().first(part.prefix)) != part.prefixDigest)
    return Status(Code::InvalidFile,
                  "the first " + std::to_string(part.prefix) + " bytes of " + part.name + " do not have their digest");
  if (trust == Trust::Stamps && !moved && part.bytes > kHashedAlways)
    return Status::ok();
  TENON_ASSIGN(const Digest digest, fileDigest(file, part.prefix, options_.threads));
  if (digest != part.digest)
    return Status(Code::InvalidFile, part.name + " does not have its digest");
  return Status::ok();
}

std::optional<KeyLock> Store::lock(const Key &key) {
  if (options_.readOnly)
    return std::nullopt;
  const std::string path = entryPath(key, "lock");
  const Status folder = makeFolder(path.substr(0, path.rfind('/')));
  if (!folder.isOk()) {
    warn(folder.message());
    return std::nullopt;
  }
  auto lock = KeyLock::acquire(path, options_.lockDeadline);
  if (!lock.isOk()) {
    warn(lock.status().message());
    return std::nullopt;
  }
  if (!*lock)
    warn("another process has worked on " + key.text().substr(0, 24) + "... for " +
         std::to_string(options_.lockDeadline.count() / 1000) + " s; this one goes on without the cache");
  return *std::move(lock);
}

Result<io::OutputFile> Store::createPart(const Key &key, const std::string &name, uint64_t bytes) {
  const std::string path = entryPath(key, name);
  TENON_TRY(makeFolder(path.substr(0, path.rfind('/'))));
  return io::OutputFile::create(path, bytes);
}

Status Store::writeManifest(const Manifest &manifest) const {
  const std::string text = manifestText(manifest);
  TENON_ASSIGN(io::OutputFile file, io::OutputFile::create(entryPath(manifest.key, "manifest"), 0));
  TENON_TRY(file.write(0, bytesOf(text)));
  return file.commit();
}

Result<Entry> Store::publish(const KeyLock &, const Key &key, Fields fields, Fields notes, std::span<NewPart> parts) {
  Entry entry;
  entry.manifest.key = key;
  entry.manifest.fields = std::move(fields);
  entry.manifest.notes = std::move(notes);
  for (NewPart &part : parts) {
    Part stored{part.name, part.size, part.prefix, part.prefixDigest, part.digest, {}};
    if (!part.file) {
      stored.bytes = part.bytes.size();
      stored.digest = treeDigest(part.bytes);
      TENON_ASSIGN(part.file, createPart(key, part.name, part.bytes.size()));
      TENON_TRY(part.file->write(0, part.bytes));
    }
    TENON_TRY(part.file->makeReadOnly());
    TENON_TRY(part.file->commit(/*syncFolder=*/false)); // the manifest's commit does it for all
    TENON_ASSIGN(io::MappedFile file, io::MappedFile::open(entryPath(key, part.name)));
    uint64_t bytes = 0;
    if (!stampOf(file.descriptor(), stored.stamp, bytes) || bytes != stored.bytes)
      return Status(Code::Resource, "'" + file.path() + "' changed while it was stored");
    entry.manifest.parts.push_back(std::move(stored));
    entry.files.push_back(std::move(file));
  }
  TENON_TRY(writeManifest(entry.manifest));
  inUse_.insert(key);
  enforceBound(*this, options_.sizeBound);
  if (bytesInUse() <= options_.sizeBound)
    return entry;
  const uint64_t bytes = entryBytes(*this, key);
  unlinkEntry(key);
  return Status(Code::Constraint, key.text().substr(0, 24) + "... is not kept: " + refusal(bytes));
}

uint64_t Store::bytesInUse() const {
  uint64_t sum = 0;
  for (const Key &key : inUse_)
    sum += entryBytes(*this, key);
  return sum;
}

bool Store::accepts(uint64_t bytes) const {
  const uint64_t used = bytesInUse();
  return !options_.readOnly && used <= options_.sizeBound && bytes <= options_.sizeBound - used;
}

std::string Store::refusal(uint64_t bytes) const {
  const uint64_t used = bytesInUse();
  return "it needs " + std::to_string(bytes) + " bytes" +
         (used ? " beside " + std::to_string(used) + " that are in use" : "") + ", --cache-size allows " +
         std::to_string(options_.sizeBound);
}

void Store::unlinkEntry(const Key &key) {
  inUse_.erase(key);
  for (const std::string &suffix : entrySuffixes(*this, key)) // the manifest first
    unlink(entryPath(key, suffix).c_str());
}

// Records stamps whose content was found right, so that the next use need not hash again.
void Store::restamp(const Manifest &verified) {
  if (options_.readOnly)
    return;
  auto lock = KeyLock::acquire(entryPath(verified.key, "lock"), std::chrono::milliseconds(0));
  if (!lock.isOk() || !*lock)
    return;
  auto stored = readManifest(verified.key);
  if (!stored.isOk() || stored->parts.size() != verified.parts.size())
    return;
  for (size_t i = 0; i < verified.parts.size(); ++i) {
    if (stored->parts[i].digest != verified.parts[i].digest)
      return; // another entry by now
    stored->parts[i].stamp = verified.parts[i].stamp;
  }
  (void)writeManifest(*stored).isOk(); // else the next use hashes again
}

void Store::noteLink(Entry &entry) {
  for (size_t i = 0; i < entry.files.size(); ++i) {
    Stamp now;
    uint64_t bytes = 0;
    Part &part = entry.manifest.parts[i];
    if (!stampOf(entry.files[i].descriptor(), now, bytes) || now.inode != part.stamp.inode ||
        now.modified != part.stamp.modified || bytes != part.bytes)
      return; // more than a link: the next use hashes
    part.stamp = now;
  }
  restamp(entry.manifest);
}

bool Store::quarantine(const Key &key, const std::string &reason, bool hashAll) {
  warn(key.text().substr(0, 24) + "... is damaged and counts as missing: " + reason);
  if (options_.readOnly)
    return false;
  auto lock = KeyLock::acquire(entryPath(key, "lock"), std::chrono::milliseconds(0));
  if (!lock.isOk() || !*lock)
    return false;
  bool stale = false;
  if (load(key, nullptr, hashAll ? Trust::Nothing : Trust::Stamps, stale).isOk())
    return false; // mended in the meantime
  const std::string folder = root_ + "/quarantine";
  (void)makeFolder(folder).isOk();
  // The manifest goes first: from then on there is no entry.
  const std::vector<std::string> suffixes = entrySuffixes(*this, key);
  for (const std::string &suffix : suffixes) {
    const std::string from = entryPath(key, suffix);
    const std::string to = folder + "/" + std::string(kindName(key.kind)) + "-" + key.hex + "." + suffix;
    if (rename(from.c_str(), to.c_str()) != 0)
      unlink(from.c_str());
  }
  inUse_.erase(key);
  return true;
}

bool Store::remove(const Key &key) {
  if (options_.readOnly)
    return false;
  auto lock = KeyLock::acquire(entryPath(key, "lock"), std::chrono::milliseconds(0));
  if (!lock.isOk() || !*lock)
    return false;
  unlinkEntry(key);
  return true;
}

} // namespace tenon::cache
