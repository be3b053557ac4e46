//! Keys of data subjects, and what they seal.
