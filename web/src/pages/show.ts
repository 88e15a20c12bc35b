import './lc-show-page';
