//! Files made to crash, hang or fill memory.
