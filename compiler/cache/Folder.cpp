#include "compiler/cache/Folder.h"

#include "runtime/base/Bytes.h"
#include "runtime/io/OutputFile.h"
#include "runtime/io/SystemError.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon::cache {

std::string chooseFolder(const std::string &asked) {
  std::string folder = asked;
  auto environment = [](const char *name) {
    const char *value = getenv(name);
    return std::string(value ? value : "");
  };
  if (folder.empty())
    folder = environment("TENON_CACHE_DIR");
  if (folder == "off")
    return "";
  if (!folder.empty())
    return folder;
  if (const std::string base = environment("XDG_CACHE_HOME"); base.starts_with("/")) // as its specification says
    return base + "/tenon";
  const std::string home = environment("HOME");
  return home.starts_with("/") ? home + "/.cache/tenon" : "";
}

Status makeFolder(const std::string &path, mode_t mode) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    return Status::ok();
  const std::string end = path.substr(0, path.find_last_not_of('/') + 1);
  if (const size_t slash = end.rfind('/'); slash != std::string::npos && slash > 0)
    TENON_TRY(makeFolder(end.substr(0, slash), mode));
  if (mkdir(path.c_str(), mode) == 0)
    return Status::ok();
  const int reason = errno;
  if (std::filesystem::is_directory(path, error)) // another process was faster
    return Status::ok();
  return Status(Code::Resource, "cannot make the folder '" + path + "': " + io::errorText(reason));
}

Status checkFolder(const std::string &path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0)
    return io::systemError("inspect", path, errno);
  if (!S_ISDIR(info.st_mode))
    return Status(Code::Usage, "'" + path + "' is not a folder");
  if (info.st_uid != geteuid() && info.st_uid != 0)
    return Status(Code::Usage, "'" + path + "' belongs to user " + std::to_string(info.st_uid) + ", expected " +
                                   std::to_string(geteuid()) + " or root: others could put their code there");
  if ((info.st_mode & S_IWOTH) != 0)
    return Status(Code::Usage, "everybody may write to '" + path + "': others could put their code there; chmod o-w");
  return Status::ok();
}

static constexpr std::string_view kTag =
    "Signature: 8a477f597d28d172789f06886806bc55\n# This folder is a cache of Tenon "
    "(`tenon cache`); it may be deleted. bford.info/cachedir\n";

void tagFolder(const std::string &folder) {
  const std::string path = folder + "/CACHEDIR.TAG";
  if (access(path.c_str(), F_OK) == 0)
    return;
  auto file = io::OutputFile::create(path, 0);
  if (file.isOk() && file->write(0, bytesOf(kTag)).isOk())
    (void)file->commit().isOk(); // a courtesy to backup programs
}

} // namespace tenon::cache
