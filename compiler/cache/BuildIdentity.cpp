#include "compiler/cache/BuildIdentity.h"

#include "compiler/cache/FileDigest.h"

#include <cstring>
#include <elf.h>
#include <link.h>

namespace tenon::cache {
namespace {

// Whose bytes reach engines: code generation, and the numbers of tables and of folded constants.
constexpr std::string_view kLibraries[] = {"libLLVM", "libMLIR", "liblld", "libm.", "libc.", "libstdc++"};

// The name of a loaded object in keys; empty for one that does not matter.
std::string nameOf(std::string_view path) {
  if (path.empty())
    return "program"; // what dl_iterate_phdr calls the program
  const std::string_view file = path.substr(path.rfind('/') + 1);
  for (const std::string_view library : kLibraries)
    if (file.starts_with(library))
      return std::string(file.substr(0, file.find_first_of(".-")));
  return "";
}

std::string hexOf(const uint8_t *bytes, size_t size) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < size; ++i)
    text += {kDigits[bytes[i] >> 4], kDigits[bytes[i] & 15]};
  return text;
}

// The build id among the notes of a loaded object, which the linker wrote and the loader mapped.
std::string buildId(const dl_phdr_info &object) {
  for (int i = 0; i < object.dlpi_phnum; ++i) {
    const ElfW(Phdr) &segment = object.dlpi_phdr[i];
    if (segment.p_type != PT_NOTE)
      continue;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the loader gives addresses as numbers
    const auto *at = reinterpret_cast<const uint8_t *>(object.dlpi_addr + segment.p_vaddr);
    for (size_t left = segment.p_memsz; left >= sizeof(ElfW(Nhdr));) {
      ElfW(Nhdr) note;
      std::memcpy(&note, at, sizeof note);
      const size_t nameBytes = (size_t(note.n_namesz) + 3) & ~size_t(3),
                   bytes = (size_t(note.n_descsz) + 3) & ~size_t(3);
      const size_t whole = sizeof note + nameBytes + bytes;
      if (whole > left)
        break;
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(at + sizeof note, "GNU", 4) == 0)
        return "id:" + hexOf(at + sizeof note + nameBytes, note.n_descsz);
      at += whole;
      left -= whole;
    }
  }
  return "";
}

int addObject(dl_phdr_info *object, size_t, void *fields) {
  const std::string name = nameOf(object->dlpi_name);
  if (name.empty())
    return 0;
  std::string id = buildId(*object);
  if (id.empty()) {
    auto file = io::MappedFile::open(name == "program" ? "/proc/self/exe" : object->dlpi_name);
    if (file.isOk())
      if (auto digest = fileDigest(*file, 0, 1); digest.isOk())
        id = "content:" + toHex(*digest);
  }
  (*static_cast<Fields *>(fields))["build." + name] = id.empty() ? "unknown" : id;
  return 0;
}

} // namespace

const Fields &buildIdentity() {
  static const Fields fields = [] {
    Fields found;
    dl_iterate_phdr(addObject, &found);
    return found;
  }();
  return fields;
}

} // namespace tenon::cache
