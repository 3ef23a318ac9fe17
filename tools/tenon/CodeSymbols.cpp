#include "tools/tenon/CodeSymbols.h"

#include "runtime/base/Checked.h"

#include <cstring>
#include <elf.h>
#include <optional>
#include <vector>

namespace tenon::cli {
namespace {

using Image = std::span<const uint8_t>;

template <typename T> std::optional<T> readAt(Image image, uint64_t offset) {
  if (!rangeWithin(offset, sizeof(T), image.size()))
    return std::nullopt;
  T value;
  std::memcpy(&value, image.data() + offset, sizeof value);
  return value;
}

// Entry `index` of a table; offsets that overflow lead nowhere.
template <typename T> std::optional<T> readEntry(Image image, uint64_t table, uint64_t index) {
  uint64_t offset;
  if (!checkedMul<uint64_t>(index, sizeof(T), offset) || !checkedAdd(table, offset, offset))
    return std::nullopt;
  return readAt<T>(image, offset);
}

std::optional<Image> bytesAtAddress(Image image, const Elf64_Ehdr &header, uint64_t address, uint64_t size) {
  for (uint16_t i = 0; i < header.e_phnum; ++i) {
    const auto segment = readEntry<Elf64_Phdr>(image, header.e_phoff, i);
    if (!segment)
      return std::nullopt;
    if (segment->p_type != PT_LOAD || address < segment->p_vaddr ||
        !rangeWithin(address - segment->p_vaddr, size, segment->p_filesz) ||
        !rangeWithin(segment->p_offset, segment->p_filesz, image.size()))
      continue;
    return image.subspan(segment->p_offset + (address - segment->p_vaddr), size);
  }
  return std::nullopt;
}

std::string_view nameAt(Image strings, uint64_t offset) {
  if (offset >= strings.size())
    return {};
  const auto *begin = reinterpret_cast<const char *>(strings.data()) + offset;
  return {begin, strnlen(begin, strings.size() - offset)};
}

} // namespace

std::map<std::string_view, Image> functionsOf(Image image) {
  std::map<std::string_view, Image> functions;
  const auto header = readAt<Elf64_Ehdr>(image, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64)
    return functions;
  for (uint16_t i = 0; i < header->e_shnum; ++i) {
    const auto section = readEntry<Elf64_Shdr>(image, header->e_shoff, i);
    if (!section || section->sh_type != SHT_DYNSYM || !rangeWithin(section->sh_offset, section->sh_size, image.size()))
      continue;
    const auto table = readEntry<Elf64_Shdr>(image, header->e_shoff, section->sh_link);
    if (!table || !rangeWithin(table->sh_offset, table->sh_size, image.size()))
      continue;
    const Image strings = image.subspan(table->sh_offset, table->sh_size);
    for (uint64_t s = 0; s < section->sh_size / sizeof(Elf64_Sym); ++s) {
      const auto symbol = readEntry<Elf64_Sym>(image, section->sh_offset, s);
      if (!symbol || ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_shndx == SHN_UNDEF)
        continue;
      const std::string_view name = nameAt(strings, symbol->st_name);
      if (const auto bytes = bytesAtAddress(image, *header, symbol->st_value, symbol->st_size); bytes && !name.empty())
        functions.emplace(name, *bytes);
    }
  }
  return functions;
}

} // namespace tenon::cli
