#include "compiler/cache/remote/Remote.h"

#include "compiler/cache/ArrivingPart.h"
#include "compiler/cache/remote/Zstd.h"
#include "runtime/base/Bytes.h"

#include <cstring>

namespace tenon::cache {
namespace {

// Written beside an entry that a remote gave and nobody whom we trust has signed: we do not sign it either.
constexpr const char *kOrigin = "origin", *kUnsigned = "a remote, without a trusted signature";

// What an entry may take; packed weights may take what the cache's folder does.
uint64_t boundOf(Kind kind) { return kind == Kind::Weights ? UINT64_MAX : 2ull << 30; }

Body bodyOf(std::string_view text) {
  return {text.size(), [text](uint64_t offset, std::span<uint8_t> out) {
            std::memcpy(out.data(), text.data() + offset, out.size());
            return Status::ok();
          }};
}

} // namespace

Result<std::unique_ptr<Remote>> Remote::open(const RemoteOptions &options) {
  std::unique_ptr<Remote> remote(new Remote(options));
  TENON_ASSIGN(remote->transport_, openTransport(options.url, remote->patience_));
  if (!options.signingKey.empty()) {
    TENON_ASSIGN(remote->signingKey_, trust::readSecretKey(options.signingKey));
  }
  if (!options.trustedKeys.empty()) {
    TENON_ASSIGN(remote->trusted_, trust::readPublicKeys(options.trustedKeys));
  }
  // What is made of an unsigned entry would be signed as ours: who signs takes only what somebody stands behind.
  if (remote->signingKey_) {
    if (!remote->trusted_)
      remote->trusted_.emplace();
    remote->trusted_->push_back(remote->signingKey_->publicKey());
  }
  return remote;
}

// One line, once: whatever comes after the first failure is not asked any more.
void Remote::fail(const Store &store, const Status &status) {
  if (status.code() == Code::Resource) {
    off_ = true;
    store.warn("the remote is not used any more: " + status.message());
  } else {
    readsOff_ = true;
    store.warn("nothing more is taken from the remote " + maskUrl(options_.url) + ": " + status.message());
  }
}

Result<std::optional<SharedEntry>> Remote::find(const Key &key) {
  std::string text;
  TENON_ASSIGN(const bool there,
               transport_->get(sharedEntryName(key), kMaxSharedEntryBytes, [&](std::span<const uint8_t> bytes) {
                 text.append(reinterpret_cast<const char *>(bytes.data()), bytes.size());
                 return Status::ok();
               }));
  if (!there)
    return std::optional<SharedEntry>();
  auto entry = parseSharedEntry(text);
  if (!entry.isOk())
    return std::move(entry).status().within(key.text());
  return std::optional<SharedEntry>(*std::move(entry));
}

// False for one that is right, but not for us.
Result<bool> Remote::mayUse(const Store &store, const SharedEntry &shared, const Key &key, const Fields *fields) {
  const Manifest &manifest = shared.manifest;
  if (manifest.key != key || (fields && manifest.fields != *fields))
    return Status(Code::InvalidFile, key.text() + ": the manifest is that of another entry");
  if (trusted_) {
    const Status status =
        trust::verifySignatures(*trusted_, kEntryDomain, bytesOf(shared.signedText), shared.signatures, key.text())
            .status();
    if (!status.isOk()) {
      if (!std::exchange(refusedSignature_, true))
        store.warn("not taken from the remote " + maskUrl(options_.url) + ": " + status.message());
      return false;
    }
  }
  return manifest.bytes() <= boundOf(key.kind) && store.accepts(manifest.bytes());
}

Result<NewPart> Remote::fetchPart(Store &store, const Key &key, const Part &part) {
  TENON_ASSIGN(ArrivingPart arriving, ArrivingPart::create(store, key, part));
  TENON_ASSIGN(Inflater inflater, Inflater::create([&](std::span<const uint8_t> bytes) -> Status {
                 if (patience_.isUp()) // little that arrives can become much
                   return Status(Code::Resource, "too slow");
                 return arriving.write(bytes);
               }));
  TENON_ASSIGN(const bool there,
               transport_->get(sharedPartName(part), compressedBound(part.bytes),
                               [&](std::span<const uint8_t> bytes) { return inflater.write(bytes); }));
  if (!there)
    return Status(Code::NotCached, key.text() + ": " + part.name + " is not there");
  TENON_TRY(inflater.finish());
  return arriving.finish();
}

Result<std::optional<Entry>> Remote::fetchEntry(Store &store, const KeyLock &lock, const Key &key,
                                                const Fields *fields) {
  wrong_.insert(sharedEntryName(key)); // until all of it is found right
  TENON_ASSIGN(auto shared, find(key));
  if (!shared) {
    wrong_.erase(sharedEntryName(key));
    return std::optional<Entry>();
  }
  TENON_ASSIGN(const bool usable, mayUse(store, *shared, key, fields));
  if (!usable)
    return std::optional<Entry>();
  std::vector<NewPart> parts;
  for (const Part &part : shared->manifest.parts) {
    auto made = fetchPart(store, key, part);
    if (!made.isOk() && made.status().code() == Code::NotCached)
      return std::optional<Entry>(); // the remote dropped it
    if (!made.isOk()) {
      wrong_.insert(sharedPartName(part));
      return std::move(made).status();
    }
    parts.push_back(*std::move(made));
  }
  Fields notes = std::move(shared->manifest.notes);
  notes.erase(kOrigin);
  if (!trusted_)
    notes[kOrigin] = kUnsigned;
  auto entry = store.publish(lock, key, std::move(shared->manifest.fields), std::move(notes), parts);
  if (!entry.isOk() && entry.status().code() != Code::Constraint)
    return std::move(entry).status();
  wrong_.erase(sharedEntryName(key));
  if (entry.isOk())
    return std::optional<Entry>(*std::move(entry));
  store.warn(entry.status().message()); // ours to mend, not the remote's
  return std::optional<Entry>();
}

std::optional<Entry> Remote::fetch(Store &store, const KeyLock &lock, const Key &key, const Fields *fields) {
  if (off_ || readsOff_)
    return std::nullopt;
  auto entry = fetchEntry(store, lock, key, fields);
  if (!entry.isOk()) {
    fail(store, entry.status());
    return std::nullopt;
  }
  return *std::move(entry);
}

Result<bool> Remote::isShared(const Key &key) {
  const std::string name = sharedEntryName(key);
  if (!signingKey_)
    return wrong_.contains(name) ? Result<bool>(false) : transport_->has(name);
  // The entry of somebody else does not serve those who trust this key.
  auto shared = find(key);
  if (!shared.isOk() && shared.status().code() == Code::Resource)
    return std::move(shared).status();
  if (wrong_.contains(name) || !shared.isOk() || !*shared)
    return false;
  const trust::PublicKey own = signingKey_->publicKey();
  return (*shared)->manifest.key == key &&
         trust::verifySignatures({&own, 1}, kEntryDomain, bytesOf((*shared)->signedText), (*shared)->signatures, "")
             .isOk();
}

// False where there is nothing to do.
Result<bool> Remote::shareEntry(Store &store, const Entry &entry) {
  TENON_ASSIGN(const bool there, isShared(entry.manifest.key));
  if (there)
    return false;
  for (size_t i = 0; i < entry.files.size(); ++i) {
    const std::string name = sharedPartName(entry.manifest.parts[i]);
    if (!wrong_.contains(name)) {
      TENON_ASSIGN(const bool known, transport_->has(name));
      if (known)
        continue;
    }
    TENON_ASSIGN(const Compressed compressed, Compressed::make(entry.files[i], store.root(), options_.threads));
    TENON_ASSIGN(const bool taken, transport_->put(name, compressed.body()));
    readOnly_ = !taken;
    if (readOnly_)
      return false;
    wrong_.erase(name);
  }
  Manifest manifest = entry.manifest;
  manifest.notes.erase(kOrigin);
  const std::string text = sharedEntryText(std::move(manifest), signingKey_ ? &*signingKey_ : nullptr);
  TENON_ASSIGN(const bool taken, transport_->put(sharedEntryName(entry.manifest.key), bodyOf(text)));
  readOnly_ = !taken;
  return taken;
}

Shared Remote::share(Store &store, std::span<const Key> keys) {
  Shared shared;
  if (trusted_ && !signingKey_)
    return shared;
  for (const Key &key : keys) {
    if (off_ || readOnly_)
      break;
    const auto entry = store.find(key);
    if (!entry)
      continue;
    if (signingKey_ && entry->manifest.notes.contains(kOrigin)) {
      ++shared.notOurs;
      continue;
    }
    auto done = shareEntry(store, *entry);
    if (!done.isOk()) {
      off_ = true; // whatever it was
      store.warn("the remote is not used any more: " + done.status().message());
    } else if (*done) {
      ++shared.entries;
      shared.bytes += entry->manifest.bytes();
    }
  }
  return shared;
}

} // namespace tenon::cache
