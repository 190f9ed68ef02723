//! Macros for the store of a class that is one row of one table.
//!
//! They are macros because diesel's bounds of a generic function over tables are longer than the bodies.

/// Implements the stores of a class: the bodies, never the structs.
///
/// After the table stand the columns of its key with the members of the address that hold their values, then the
/// acts: `retrieve`, `list(in A)` of the whole table or `list(in A by column)` of the rows of an `A`, with a filter by
/// one text where one follows, `create(in A by f)`, `update`, `replace`, `remove`. What is particular to a class stands in
/// parentheses: the function that makes columns of a draft, the one a new draft starts from, the one that refuses
/// a removal.
///
/// One rule says which row lock is taken: that of the statement which follows. `update` locks FOR NO KEY UPDATE,
/// so that rows which refer to this one by a foreign key can be written meanwhile; `remove` locks FOR UPDATE, so
/// that none can.
#[macro_export]
macro_rules! stored {
    (
        $class:ident in $table:ident $key:tt:
        $($act:ident $(($($option:tt)*))?),+ $(,)?
    ) => {
        $($crate::stored!(@$act $class $table $key $($($option)*)?);)+
    };

    (@retrieve $class:ident $table:ident $key:tt) => {
        impl $crate::resource::Retrieve for $class {
            fn find(
                s: &mut $crate::resource::UnitOfWork<'_>,
                at: &Self::Address,
            ) -> Result<Self, $crate::hydra::Problem> {
                let row = $crate::stored!(@row $table $key at);
                Ok(row.select(Self::as_select()).first(s.conn)?)
            }
        }
    };

    (@create $class:ident $table:ident $key:tt in $parent:ident by $address:expr) => {
        impl $crate::resource::Create<$parent> for $class {
            fn insert(
                s: &mut $crate::resource::UnitOfWork<'_>,
                into: &$parent,
                chosen: Option<String>,
                draft: Self::Draft,
            ) -> Result<Self, $crate::hydra::Problem> {
                let address: fn(&$parent, String) -> Self::Address = $address;
                let id = $crate::resource::given_or_generated_id(chosen)?;
                <Self as $crate::resource::Replace>::insert_at(s, &address(into, id), draft)
            }
        }
    };

    (@list $class:ident $table:ident $key:tt in $parent:ident) => {
        $crate::stored!(@listed $class $parent, s _of wanted {
            $crate::paged!(s.conn, wanted, $table::table.into_boxed())
        });
    };
    (@list $class:ident $table:ident $key:tt in $parent:ident by $column:ident) => {
        $crate::stored!(@listed $class $parent, s of wanted {
            let own = || $table::table.filter($table::$column.eq(of.$column)).into_boxed();
            $crate::paged!(s.conn, wanted, own())
        });
    };
    (
        @list $class:ident $table:ident $key:tt
        in $parent:ident by $column:ident, $name:literal is $filter:expr
    ) => {
        $crate::stored!(@listed $class $parent, s of wanted {
            let filter: fn(String) -> _ = $filter;
            let text = wanted.text($name).map(str::to_owned);
            let own = || {
                let own = $table::table.filter($table::$column.eq(of.$column));
                match &text {
                    Some(text) => own.filter(filter(text.clone())).into_boxed(),
                    None => own.into_boxed(),
                }
            };
            $crate::paged!(s.conn, wanted, own())
        });
    };
    (@listed $class:ident $parent:ident, $s:ident $of:ident $wanted:ident $body:block) => {
        impl $crate::resource::List<$parent> for $class {
            fn list(
                $s: &mut $crate::resource::UnitOfWork<'_>,
                $of: &$parent,
                $wanted: $crate::resource::ListRequest<'_>,
            ) -> Result<$crate::resource::PageOfRows<Self>, $crate::hydra::Problem> {
                $body
            }
        }
    };

    (@update $class:ident $table:ident $key:tt $($columns:path)?) => {
        impl $crate::resource::Update for $class {
            fn lock(
                s: &mut $crate::resource::UnitOfWork<'_>,
                at: &Self::Address,
            ) -> Result<Self, $crate::hydra::Problem> {
                let row = $crate::stored!(@row $table $key at);
                Ok(row.select(Self::as_select()).for_no_key_update().first(s.conn)?)
            }
            fn save(
                s: &mut $crate::resource::UnitOfWork<'_>,
                locked: $crate::resource::Locked<Self>,
                draft: Self::Draft,
            ) -> Result<Self, $crate::hydra::Problem> {
                let at = locked.address();
                let columns = $crate::stored!(@columns s at (Some(&*locked)) draft $($columns)?);
                Ok(diesel::update($crate::stored!(@row $table $key at))
                    .set(columns)
                    .returning(Self::as_returning())
                    .get_result(s.conn)?)
            }
        }
    };

    (@replace $class:ident $table:ident $key:tt $($columns:path)? $(; from $initial:path)?) => {
        impl $crate::resource::Replace for $class {
            $(
                fn initial_draft_at(
                    s: &mut $crate::resource::UnitOfWork<'_>,
                    at: &Self::Address,
                ) -> Result<Self::Draft, $crate::hydra::Problem> {
                    $initial(s, at)
                }
            )?
            fn insert_at(
                s: &mut $crate::resource::UnitOfWork<'_>,
                at: &Self::Address,
                draft: Self::Draft,
            ) -> Result<Self, $crate::hydra::Problem> {
                let columns = $crate::stored!(@columns s at None draft $($columns)?);
                Ok(diesel::insert_into($table::table)
                    .values($crate::stored!(@new $table $key at columns))
                    .returning(Self::as_returning())
                    .get_result(s.conn)?)
            }
        }
    };

    (@remove $class:ident $table:ident $key:tt $(unless $refusal:path)?) => {
        impl $crate::resource::Remove for $class {
            fn lock_for_delete(
                s: &mut $crate::resource::UnitOfWork<'_>,
                at: &Self::Address,
            ) -> Result<Self, $crate::hydra::Problem> {
                let row = $crate::stored!(@row $table $key at);
                Ok(row.select(Self::as_select()).for_update().first(s.conn)?)
            }
            fn remove(
                s: &mut $crate::resource::UnitOfWork<'_>,
                locked: $crate::resource::Locked<Self>,
            ) -> Result<(), $crate::hydra::Problem> {
                let at = locked.address();
                $($refusal(s, &at)?;)?
                let row = $crate::stored!(@row $table $key at);
                $crate::resource::removed(diesel::delete(row).execute(s.conn))
            }
        }
    };

    (@row $table:ident { $($column:ident: $member:ident),+ } $at:ident) => {
        $table::table$(.filter($table::$column.eq(&$at.$member)))+
    };
    (@new $table:ident { $($column:ident: $member:ident),+ } $at:ident $columns:ident) => {
        ($($table::$column.eq(&$at.$member),)+ $columns)
    };
    (@columns $s:ident $at:ident $locked:tt $draft:ident) => { $draft };
    (@columns $s:ident $at:ident $locked:tt $draft:ident $columns:path) => {
        $columns($s, &$at, $locked, $draft)?
    };
}

/// Returns the look-up of a row flag `unique`: whether another row of the tenant has the value.
///
/// Without `within`, the rows of all tenants are looked at. `in any case` compares as the unique indexes over `lower` do.
#[macro_export]
macro_rules! taken {
    ($table:ident::$column:ident, within $tenant:ident, but $id:ident: $member:ident) => {
        |s, tenant, at, value| {
            let tenant = $crate::resource::tenant_of(tenant)?;
            let same = $table::table.filter($table::$tenant.eq(tenant));
            $crate::taken!(@ s at $table $id $member same.filter($table::$column.eq(value)))
        }
    };
    ($table:ident::$column:ident in any case, within $tenant:ident, but $id:ident: $member:ident) => {
        |s, tenant, at, value| {
            let same = $crate::resource::sql::lower($table::$column)
                .eq($crate::resource::sql::lower(value));
            let tenant = $crate::resource::tenant_of(tenant)?;
            let own = $table::table.filter($table::$tenant.eq(tenant));
            $crate::taken!(@ s at $table $id $member own.filter(same))
        }
    };
    ($table:ident::$column:ident in any case, but $id:ident: $member:ident) => {
        |s, _tenant, at, value| {
            let same = $crate::resource::sql::lower($table::$column)
                .eq($crate::resource::sql::lower(value));
            $crate::taken!(@ s at $table $id $member $table::table.filter(same))
        }
    };
    (@ $s:ident $at:ident $table:ident $id:ident $member:ident $same:expr) => {
        Ok(match $at {
            Some(at) => {
                let others = $same.filter($table::$id.ne(&at.$member));
                diesel::select(diesel::dsl::exists(others)).get_result($s.conn)?
            }
            None => diesel::select(diesel::dsl::exists($same)).get_result($s.conn)?,
        })
    };
}
