/* attr.h: compiler attributes under names that say what they promise. Layer: base. Source: GCC manual,
 * "Common Function Attributes"; clang accepts the same ones. */
#ifndef CW_BASE_ATTR_H
#define CW_BASE_ATTR_H

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN __attribute__((noreturn))
#define UNUSED __attribute__((unused))

#endif
