// What lies in the cache's folder, and what of it may go.
//
// Only the entries' own files, temporaries, sources and the quarantine are ever touched; a file of any other name stays
// where it is. Times are those of the file system; one that lies in the future counts as now.
#pragma once

#include "compiler/cache/Store.h"

namespace tenon::cache {

struct Listed {
  Key key;
  bool whole = false; // there is a manifest
  uint64_t bytes = 0; // on disk, of all its files
  int64_t used = 0;   // nanoseconds since 1970, at most now; of the newest file where there is no manifest
  bool busy = false;  // a lock's file is there: somebody is at work, or was killed
};

// Everything that has a key in its name, in order of keys.
std::vector<Listed> listEntries(const Store &store);

struct Amount {
  uint64_t count = 0, bytes = 0;
};

struct Contents {
  std::array<Amount, kKinds.size()> entries; // by Kind
  Amount unfinished;                         // keys without a manifest
  Amount quarantine;                         // files
  Amount all() const;
};

Contents countContents(const Store &store);

// Suffixes of the files of one key, "manifest" first; temporaries are among them, the lock is not.
std::vector<std::string> entrySuffixes(const Store &store, const Key &key);

// Of all files of the key, on disk.
uint64_t entryBytes(const Store &store, const Key &key);

// Drops what is of no use (quarantine, engines whose weights are gone) and then the entries that were not used for
// longest, until `bound` bytes are left: engines together with their weights, and never what the store has in use nor
// what somebody is at work on. Returns the bytes that went.
uint64_t enforceBound(Store &store, uint64_t bound);

struct Collected {
  uint64_t entries = 0, leftovers = 0, sources = 0, bytes = 0;
};

// enforceBound, and everything that serves nobody: the quarantine, temporaries and parts that a killed process left,
// engines whose weights are gone, digests of files that have changed or gone.
Collected collect(Store &store, uint64_t bound);

} // namespace tenon::cache
