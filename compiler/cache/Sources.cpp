#include "compiler/cache/Sources.h"

#include "compiler/cache/FileDigest.h"
#include "compiler/cache/Folder.h"
#include "runtime/base/Bytes.h"
#include "runtime/io/SmallFile.h"

#include <climits>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon::cache {
namespace {

constexpr int64_t kSecond = 1000000000;
constexpr size_t kMaxRecord = 16 << 10;

// All that identifies a file's content without reading it; the record of a digest begins with it.
struct Identity {
  std::string path; // without symbolic links
  uint64_t device = 0, bytes = 0;
  Stamp stamp;

  std::string text() const {
    return "tenon source 1\nfile " + std::to_string(device) + " " + std::to_string(bytes) + " " +
           std::to_string(stamp.inode) + " " + std::to_string(stamp.modified) + " " + std::to_string(stamp.changed) +
           "\npath " + path + "\n";
  }
};

std::optional<Identity> identify(int descriptor, const std::string &path) {
  Identity identity;
  char real[PATH_MAX];
  struct stat info;
  if (fstat(descriptor, &info) != 0 || !stampOf(descriptor, identity.stamp, identity.bytes) ||
      !realpath(path.c_str(), real) || std::string_view(real).find('\n') != std::string_view::npos)
    return std::nullopt;
  identity.path = real;
  identity.device = info.st_dev;
  return identity;
}

bool isSettled(const Stamp &stamp) {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  const int64_t time = int64_t(now.tv_sec) * kSecond + now.tv_nsec;
  return stamp.changed < time - 2 * kSecond && stamp.modified < time - 2 * kSecond;
}

std::string recordPath(const Store &store, const std::string &identity) {
  const std::string name = blake3Hex(identity);
  return store.root() + "/sources/" + name.substr(0, 2) + "/" + name + ".source";
}

std::optional<Digest> recall(const Store &store, const std::string &identity) {
  const auto text = io::readSmallFile(recordPath(store, identity), kMaxRecord);
  // identity, "digest HEX\n", "sum HEX\n"
  constexpr size_t kDigestLine = 7 + 64 + 1, kSumLine = 4 + 64 + 1;
  if (!text || text->size() != identity.size() + kDigestLine + kSumLine || !text->starts_with(identity))
    return std::nullopt;
  const std::string_view view = *text;
  const std::string_view signedPart = view.substr(0, identity.size() + kDigestLine);
  const std::string_view hex = view.substr(identity.size() + 7, 64);
  if (view.substr(signedPart.size()) != "sum " + blake3Hex(signedPart) + "\n" || !isHexDigest(hex))
    return std::nullopt;
  Digest digest;
  for (size_t i = 0; i < digest.size(); ++i)
    digest[i] = static_cast<uint8_t>(std::stoul(std::string(hex.substr(2 * i, 2)), nullptr, 16));
  return digest;
}

void remember(const Store &store, const std::string &identity, const Digest &digest) {
  const std::string path = recordPath(store, identity);
  (void)makeFolder(path.substr(0, path.rfind('/'))).isOk();
  std::string text = identity + "digest " + toHex(digest) + "\n";
  text += "sum " + blake3Hex(text) + "\n";
  auto file = io::OutputFile::create(path, 0);
  if (file.isOk() && file->write(0, bytesOf(text)).isOk())
    (void)file->commit(/*syncFolder=*/false).isOk(); // forgetting costs a read
}

} // namespace

Result<SourceState> readSource(Store *store, const io::MappedFile &file, unsigned threads) {
  const auto before = identify(file.descriptor(), file.path());
  if (!before)
    return Status(Code::Resource, "'" + file.path() + "' cannot be inspected");
  SourceState state{{}, before->text(), isSettled(before->stamp)};
  if (store)
    if (const auto known = recall(*store, state.identity)) {
      state.digest = *known;
      return state;
    }
  TENON_ASSIGN(state.digest, sourceFileDigest(file, threads));
  const auto after = identify(file.descriptor(), file.path());
  if (!after || after->text() != state.identity)
    return Status(Code::InvalidFile, "'" + file.path() + "' changed while it was read; compile again");
  if (store && !store->isReadOnly() && state.settled)
    remember(*store, state.identity, state.digest);
  return state;
}

bool isUnchanged(const SourceState &state, const io::MappedFile &file, unsigned threads) {
  const auto now = identify(file.descriptor(), file.path());
  if (!now || now->text() != state.identity)
    return false;
  if (state.settled)
    return true;
  const auto digest = sourceFileDigest(file, threads);
  return digest.isOk() && *digest == state.digest;
}

uint64_t collectSources(Store &store) {
  uint64_t gone = 0;
  std::error_code error;
  std::vector<std::string> records;
  for (std::filesystem::recursive_directory_iterator at(store.root() + "/sources", error), end; !error && at != end;
       at.increment(error))
    if (at->is_regular_file(error))
      records.push_back(at->path().string());
  for (const std::string &record : records) {
    const auto text = io::readSmallFile(record, kMaxRecord);
    const size_t start = text ? text->find("\npath ") : std::string::npos;
    bool current = false;
    if (start != std::string::npos) {
      const std::string path = text->substr(start + 6, text->find('\n', start + 6) - start - 6);
      auto file = io::MappedFile::open(path);
      const auto identity = file.isOk() ? identify(file->descriptor(), path) : std::nullopt;
      current = identity && text->starts_with(identity->text());
    }
    if (!current && unlink(record.c_str()) == 0)
      ++gone;
  }
  return gone;
}

} // namespace tenon::cache
