// The cache's shared tier: entries of a place that several machines use, behind the cache's own folder.
//
// What arrives is checked before it counts: sizes are bounded before bytes are taken, every part must have the digests
// of its manifest, the manifest must make the key that was asked for, and with trusted keys one of them must have
// signed it. Then it becomes an entry of the folder. Nothing that a remote does stops a compilation: a failure is
// warned of once and turns the remote off; what it sends wrong is warned of and made here instead. All of it together
// costs no more time than Patience.h says. Threads: one at a time.
#pragma once

#include "compiler/cache/Store.h"
#include "compiler/cache/remote/SharedEntry.h"
#include "compiler/cache/remote/Transport.h"

#include <set>

namespace tenon::cache {

struct RemoteOptions {
  std::string url;
  std::string signingKey;  // file of the secret key that signs what is put there, and is itself trusted; empty for none
  std::string trustedKeys; // file of the public keys of which one must have signed what is taken; empty with no
                           // signingKey either: nobody must have
  std::chrono::milliseconds timeout = std::chrono::seconds(10);
  unsigned threads = 1; // for compression
};

struct Shared {
  uint64_t entries = 0, bytes = 0; // that were not there; bytes of parts before compression
  uint64_t notOurs = 0;            // entries that are not ours to sign
};

class Remote {
public:
  // Asks the remote nothing yet. Usage for a URL that is none, InvalidFile and Usage for key files (Keys.h): a remote
  // that was to be checked is not used unchecked.
  static Result<std::unique_ptr<Remote>> open(const RemoteOptions &options);

  // The entry, now one of `store`, too; nothing where it is not there or not as it should be. Hold the key's lock.
  // `fields` may be null: then they are only checked against the key.
  std::optional<Entry> fetch(Store &store, const KeyLock &lock, const Key &key, const Fields *fields);

  // Puts there those entries of `store` that lack: parts first, manifest last. With a signing key, entries that lack
  // its signature; never those that came from a remote without a trusted one. With trusted keys but no signing key
  // nothing, since nobody with these keys would take it.
  Shared share(Store &store, std::span<const Key> keys);

  // Whether the remote failed, and is not asked any more.
  bool isOff() const { return off_; }
  // Whether the remote takes nothing from us: not a failure.
  bool isReadOnly() const { return readOnly_; }

private:
  explicit Remote(const RemoteOptions &options) : options_(options), patience_(options.timeout) {}
  Result<std::optional<SharedEntry>> find(const Key &key);
  Result<NewPart> fetchPart(Store &store, const Key &key, const Part &part);
  Result<std::optional<Entry>> fetchEntry(Store &store, const KeyLock &lock, const Key &key, const Fields *fields);
  Result<bool> mayUse(const Store &store, const SharedEntry &shared, const Key &key, const Fields *fields);
  Result<bool> isShared(const Key &key);
  Result<bool> shareEntry(Store &store, const Entry &entry);
  void fail(const Store &store, const Status &status);

  RemoteOptions options_;
  Patience patience_;
  std::unique_ptr<Transport> transport_;
  std::optional<trust::SecretKey> signingKey_;
  std::optional<trust::PublicKeys> trusted_;
  std::set<std::string> wrong_; // names whose content is not believed to be there, whatever the remote says
  bool off_ = false, readsOff_ = false, readOnly_ = false, refusedSignature_ = false;
};

} // namespace tenon::cache
