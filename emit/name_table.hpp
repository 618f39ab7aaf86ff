// NameTable serves the IR's parser too; it lives in ir/support.
#ifndef JITKIT_EMIT_NAME_TABLE_HPP
#define JITKIT_EMIT_NAME_TABLE_HPP

#include <jitkit/ir/support/name_table.hpp>

#endif  // JITKIT_EMIT_NAME_TABLE_HPP
