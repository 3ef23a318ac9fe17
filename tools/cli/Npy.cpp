#include "tools/cli/Npy.h"
#include "runtime/base/Bytes.h"
#include "runtime/io/OutputFile.h"

#include <bit>

namespace tenon::cli {

std::string npyHeader(uint64_t rows, uint64_t columns) {
  static_assert(std::endian::native == std::endian::little, "'<f4' is this machine's order");
  std::string dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
                           std::to_string(columns) + "), }";
  // Magic, version and length take 10 bytes; the data starts at a multiple of 64.
  dictionary.append(63 - (dictionary.size() + 10) % 64, ' ');
  dictionary += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(dictionary.size() & 0xff);
  header += static_cast<char>(dictionary.size() >> 8);
  return header + dictionary;
}

Status writeNpy(const std::string &path, uint64_t rows, uint64_t columns, std::span<const float> values) {
  std::string header = npyHeader(rows, columns);
  TENON_ASSIGN(io::OutputFile file, io::OutputFile::create(path, header.size() + values.size_bytes()));
  TENON_TRY(file.write(0, bytesOf(header)));
  TENON_TRY(file.write(header.size(), {reinterpret_cast<const uint8_t *>(values.data()), values.size_bytes()}));
  return file.commit();
}

} // namespace tenon::cli
